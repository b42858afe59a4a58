import { expect } from "chai";
import type { Operation, Wish } from "../history.ts";
import { check } from "./check.ts";
import { moveOf } from "./evidence.ts";
import { A, B, EVENT, SampleRound } from "./sample-round.ts";
import type { Claim } from "./violation.ts";

const one = [{ ticketTypeId: A, quantity: 1 }];
const reserveWish = (items = one): Wish => ({ kind: "reserve", eventId: EVENT.id, items });

/** Every claim that is broken, once. */
function broken(round: SampleRound): Claim[] {
  return [...new Set(check(round.history, round.evidence).map(({ claim }) => claim))];
}

/** The same request once more, answered as it was, or otherwise. */
function again(round: SampleRound, first: Operation, answer: object = {}): Operation {
  const { userId, wish, key, told } = first;
  return round.ask(userId, wish, key, { ...told, isReplay: true, ...answer });
}

describe("the checker, on keys", () => {
  const claim = "one key has one effect";
  let round: SampleRound;
  let id: string;
  let first: Operation;
  beforeEach(() => {
    round = new SampleRound();
    id = round.reserve("ann", one, { key: "k" });
    [first] = round.operations as [Operation];
  });

  it("lets a request be repeated, refused under another body, and not be looked at", () => {
    again(round, first);
    round.ask("ann", reserveWish([...one, ...one]), "k", {
      status: 422,
      code: "IDEMPOTENCY_KEY_REUSED",
    });
    round.ask("ann", first.wish, "k", { status: 429, code: "RATE_LIMITED", retryAfter: 1 });
    expect(broken(round)).to.deep.equal([]);
  });

  it("sees another answer, another effect, and a refusal after it", () => {
    again(round, first, { isReplay: false });
    expect(broken(round)).to.deep.equal([claim]);
    round.operations.pop();
    const other = first.told?.reservation;
    again(round, first, { reservation: { ...other, extendCount: 1 } });
    expect(broken(round)).to.deep.equal([claim]);
    round.operations.pop();
    again(round, first, { status: 409, code: "SOLD_OUT" });
    expect(broken(round)).to.include(claim);
  });

  it("sees that a key was good for two requests", () => {
    const told = first.told ?? {};
    round.ask("ann", reserveWish([{ ticketTypeId: B, quantity: 1 }]), "k", {
      ...told,
      isReplay: true,
    });
    expect(broken(round)).to.include(claim);
  });

  it("sees a reservation that nobody's request made, or a refused one", () => {
    round.operations.splice(0, 1);
    expect(broken(round)).to.deep.equal([claim]);
    round.ask("ann", first.wish, "k", { status: 409, code: "LIMIT_EXCEEDED" });
    expect(broken(round)).to.include(claim);
  });

  it("sees changes that nobody asked for", () => {
    round.requestKeys.push({ keyId: "another", reservationId: id });
    expect(broken(round)).to.deep.equal([claim]);
  });
});

describe("the checker, on moves", () => {
  const claim = "no state is moved against the rules";
  let round: SampleRound;
  let id: string;
  beforeEach(() => {
    round = new SampleRound();
    id = round.reserve("ann", one);
  });

  /** One more move is written and told. */
  function move(change: object): void {
    const last = round.moves.at(-1);
    const payload = { ...JSON.parse(last?.payload ?? ""), ...change };
    const more = moveOf((last?.seq ?? 0) + 1, JSON.stringify(payload));
    round.moves.push(more);
    round.stream.push(more);
    Object.assign(round.reservation(id), { state: more.state, expireTime: more.expireTime });
  }

  it("lets a hold be extended, and be paid for after its end", () => {
    round.change("extend", id);
    round.expire(id);
    round.change("confirm", id);
    expect(broken(round)).to.deep.equal([]);
  });

  it("sees a move that is not in the table", () => {
    round.change("cancel", id);
    move({ state: "CONFIRMED" });
    expect(broken(round)).to.include(claim);
  });

  it("sees a move that nobody asked for", () => {
    move({ state: "CANCELLED" });
    expect(broken(round)).to.include(claim);
  });

  it("sees a hold that ends too early, or is moved without being extended", () => {
    move({ state: "EXPIRED" });
    expect(broken(round)).to.include(claim);
    round.moves.pop();
    round.stream.pop();
    const { expireTime } = round.reservation(id);
    move({ state: "HELD", expireTime: new Date(expireTime + 1).toISOString() });
    expect(broken(round)).to.include(claim);
  });

  it("sees a hold that is extended too often", () => {
    for (let count = 0; count < 4; count += 1) {
      round.change("extend", id);
    }
    expect(broken(round)).to.deep.equal([claim]);
  });

  it("sees a confirmation that was told and never made, and one that is never finished", () => {
    const wish: Wish = {
      kind: "confirm",
      eventId: EVENT.id,
      reservationId: id,
      paymentReference: "",
    };
    const look = round.look(id);
    const reservation = look.told?.reservation;
    if (reservation !== undefined) {
      round.ask("ann", wish, "pay", { reservation: { ...reservation, state: "CONFIRMED" } });
    }
    expect(broken(round)).to.include(claim);
    round.operations.pop();
    round.reservation(id).state = "CONFIRMING";
    expect(broken(round)).to.include(claim);
  });

  it("sees somebody see what was before, and shows the two looks", () => {
    const early = round.look(id);
    round.change("confirm", id);
    round.ask("ann", early.wish, undefined, { ...early.told });
    const found = check(round.history, round.evidence);
    expect(found.map((violation) => violation.claim)).to.deep.equal([claim]);
    expect(found[0]?.history.map(({ wish }) => wish.kind)).to.deep.equal(["confirm", "look"]);
  });
});

describe("the checker, on answers", () => {
  const honest = "answers are honest";
  const failures = "failures are told as failures";
  let round: SampleRound;
  beforeEach(() => {
    round = new SampleRound();
  });

  it("believes SOLD_OUT when those who may have had units left too few", () => {
    round.reserve("ben", [{ ticketTypeId: B, quantity: 1 }], { lost: "TIMEOUT" });
    round.reserve("eva", [{ ticketTypeId: B, quantity: 1 }]);
    const wish = reserveWish([{ ticketTypeId: B, quantity: 2 }]);
    round.ask("ann", wish, "k", { status: 409, code: "SOLD_OUT" });
    expect(broken(round)).to.deep.equal([]);
    round.ask("ann", reserveWish([{ ticketTypeId: B, quantity: 1 }]), "l", {
      status: 409,
      code: "SOLD_OUT",
    });
    expect(broken(round)).to.deep.equal([honest]);
  });

  it("takes the smallest capacity that there may have been", () => {
    const wish: Wish = { kind: "capacity", eventId: EVENT.id, ticketTypeId: B, capacity: 0 };
    round.ask("organiser", wish, "r", "TIMEOUT");
    round.ask("ann", reserveWish([{ ticketTypeId: B, quantity: 1 }]), "k", {
      status: 409,
      code: "SOLD_OUT",
    });
    expect(broken(round)).to.deep.equal([]);
  });

  it("believes LIMIT_EXCEEDED when it may be so", () => {
    round.reserve("ann", [{ ticketTypeId: A, quantity: 2 }], { lost: "TIMEOUT" });
    round.ask("ann", reserveWish([{ ticketTypeId: B, quantity: 3 }]), "k", {
      status: 409,
      code: "LIMIT_EXCEEDED",
    });
    expect(broken(round)).to.deep.equal([]);
    round.ask("ann", reserveWish([{ ticketTypeId: B, quantity: 2 }]), "l", {
      status: 409,
      code: "LIMIT_EXCEEDED",
    });
    expect(broken(round)).to.deep.equal([honest]);
  });

  it("sees that a hold was told to be over before it was, and a move to be illegal that is not", () => {
    const id = round.reserve("ann", one);
    const wish: Wish = { kind: "extend", eventId: EVENT.id, reservationId: id };
    for (const refusal of [
      { status: 410, code: "HOLD_EXPIRED" },
      { status: 409, code: "EXTEND_LIMIT" },
      { status: 409, code: "ILLEGAL_MOVE" },
    ]) {
      round.ask("ann", wish, `key of ${refusal.code}`, refusal);
      expect(broken(round), refusal.code).to.deep.equal([honest]);
      round.operations.pop();
    }
  });

  it("sees a failure that has no reason, the wrong one, or no time to come again", () => {
    const told = (answer: object) => {
      const asked = round.ask("ann", reserveWish(), "k", answer);
      const found = broken(round);
      round.operations.pop();
      return { asked, found };
    };
    expect(told({ status: 503, code: "OVERLOADED", retryAfter: 1 }).found).to.deep.equal([]);
    for (const answer of [
      { status: 502, code: undefined },
      { status: 500, code: "INTERNAL" },
      { status: 503, code: "OVERLOADED" },
      { status: 409, code: "OVERLOADED", retryAfter: 1 },
      { status: 409, code: "EMAIL_TAKEN" },
      { status: 409, code: "REQUEST_IN_PROGRESS" },
    ]) {
      expect(told(answer).found, JSON.stringify(answer)).to.deep.equal([failures]);
    }
  });
});
