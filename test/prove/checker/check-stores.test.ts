import { expect } from "chai";
import { check } from "./check.ts";
import { moveOf } from "./evidence.ts";
import { A, B, EVENT, SampleRound } from "./sample-round.ts";
import type { Claim } from "./violation.ts";

/** Every claim that is broken, once. */
function broken(round: SampleRound, evidence = round.evidence): Claim[] {
  return [...new Set(check(round.history, evidence).map(({ claim }) => claim))];
}

const one = [{ ticketTypeId: A, quantity: 1 }];

/** A sale in which everything happened, and all was well. */
function wholeRound() {
  const round = new SampleRound();
  const paid = round.reserve("ann", [...one, { ticketTypeId: B, quantity: 2 }]);
  round.change("extend", paid);
  round.look(paid);
  round.change("confirm", paid);
  const given = round.reserve("ben", one);
  round.change("cancel", given);
  round.look(given);
  const lost = round.reserve("eva", one, { lost: "TIMEOUT" });
  const lapsed = round.reserve("dan", one);
  round.expire(lapsed);
  round.reservation(lost).state = "EXPIRED";
  round.allocation(lost).state = "RELEASED";
  const told = round.stream.find(({ reservationId }) => reservationId === lost);
  if (told !== undefined) {
    const payload = { ...JSON.parse(told.payload), state: "EXPIRED", time: new Date(round.time) };
    const move = moveOf(100, JSON.stringify(payload));
    round.moves.push(move);
    round.stream.push(move);
  }
  return { round, paid, given, lost, lapsed };
}

describe("the checker, on what the databases have", () => {
  it("finds nothing where nothing is wrong", () => {
    const { round } = wholeRound();
    expect(check(round.history, round.evidence)).to.deep.equal([]);
  });

  it("sees that a reservation that was told is missing, somebody else's, or another one", () => {
    const missing = wholeRound();
    missing.round.reservations.splice(0, 1);
    expect(broken(missing.round)).to.include(
      "acknowledged reservations exist, and belong to their buyer",
    );

    for (const change of [
      { userId: "ben" },
      { items: one },
      { totalMinor: 1 },
      { firstExpireTime: 0 },
      { paymentReference: "another" },
    ]) {
      const { round, paid } = wholeRound();
      Object.assign(round.reservation(paid), change);
      expect(broken(round), JSON.stringify(change)).to.include(
        "acknowledged reservations exist, and belong to their buyer",
      );
    }
  });

  it("sees that a buyer has no account", () => {
    const { round } = wholeRound();
    expect(broken(round, { ...round.evidence, accounts: new Set(["ann"]) })).to.deep.equal([
      "acknowledged reservations exist, and belong to their buyer",
    ]);
  });

  it("sees more owners than units, and names those who own them", () => {
    const round = new SampleRound();
    const ids = ["ann", "ben", "eva", "dan"].map((who) =>
      round.reserve(who, [{ ticketTypeId: B, quantity: 1 }]),
    );
    for (const id of ids) {
      round.change("confirm", id);
    }
    const found = check(round.history, round.evidence).filter(
      ({ claim }) => claim === "nothing is sold twice",
    );
    // Reservations, allocations, what buyers were told, and what consumers were.
    expect(found).to.have.length(4);
    expect(found[0]?.what).to.equal(`ticket type ${B} has 3 units, its reservations have 4`);
    expect(found[0]?.history.map(({ number }) => number)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("sees units sold twice that were given back since", () => {
    const round = new SampleRound();
    const ids = ["ann", "ben", "eva", "dan"].map((who) =>
      round.reserve(who, [{ ticketTypeId: B, quantity: 1 }]),
    );
    round.change("cancel", ids[0] ?? "");
    expect(broken(round)).to.deep.equal(["nothing is sold twice"]);
  });

  it("does not count holds that are over", () => {
    const round = new SampleRound();
    const first = round.reserve("ann", [{ ticketTypeId: B, quantity: 3 }]);
    round.nowMs += 61_000;
    const second = round.reserve("ben", [{ ticketTypeId: B, quantity: 3 }]);
    round.expire(first);
    round.change("confirm", second);
    expect(broken(round)).to.not.include("nothing is sold twice");
  });

  it("sees units that do not add up, and a capacity that nobody set", () => {
    for (const change of [
      { available: 5 },
      { held: 1, available: 3 },
      { capacity: 6, available: 5 },
    ]) {
      const { round } = wholeRound();
      const { evidence } = round;
      const stock = evidence.stock.map((row, index) => (index === 0 ? { ...row, ...change } : row));
      expect(broken(round, { ...evidence, stock }), JSON.stringify(change)).to.deep.equal([
        "units add up to the capacity",
      ]);
    }
  });

  it("takes what the organiser set last, or may have set, for the capacity", () => {
    const round = new SampleRound();
    const resize = (capacity: number, lost = false) =>
      round.ask(
        "organiser",
        { kind: "capacity", eventId: EVENT.id, ticketTypeId: A, capacity },
        `resize ${capacity}`,
        lost ? "TIMEOUT" : {},
      );
    resize(9);
    resize(7);
    resize(6, true);
    const capacityIs = (capacity: number) => {
      const { evidence } = round;
      const stock = evidence.stock.map((row) =>
        row.ticketTypeId === A ? { ...row, capacity, available: capacity } : row,
      );
      return broken(round, { ...evidence, stock });
    };
    expect(capacityIs(7)).to.deep.equal([]);
    expect(capacityIs(6)).to.deep.equal([]);
    expect(capacityIs(9)).to.deep.equal(["units add up to the capacity"]);
    expect(capacityIs(5)).to.deep.equal(["units add up to the capacity"]);
  });

  it("sees that somebody was turned away while units were left", () => {
    const round = new SampleRound();
    const first = round.reserve("ann", [{ ticketTypeId: B, quantity: 3 }]);
    round.change("cancel", first);
    round.quietMs = round.nowMs + 5;
    round.nowMs += 10;
    const wish = {
      kind: "reserve" as const,
      eventId: EVENT.id,
      items: [{ ticketTypeId: B, quantity: 1 }],
    };
    round.ask("ben", wish, "late", { status: 409, code: "SOLD_OUT" });
    const found = check(round.history, round.evidence);
    expect(found.map(({ claim }) => claim)).to.deep.equal([
      "nothing is left unsold while somebody wants it",
    ]);
    expect(found[0]?.history.map(({ number }) => number)).to.deep.equal([3]);
    round.operations.pop();
    round.event = { ...EVENT, hasWaitingRoom: true };
    round.queue("ben", "join", { state: "GONE" });
    expect(broken(round)).to.include("nothing is left unsold while somebody wants it");
  });

  it("sees a hold that never ends", () => {
    const round = new SampleRound();
    round.reserve("ann", one);
    round.nowMs += 70_000;
    expect(broken(round)).to.deep.equal(["nothing is left unsold while somebody wants it"]);
  });

  it("sees that somebody has more than the limit, and the requests that took it", () => {
    const round = new SampleRound();
    round.reserve("ann", [{ ticketTypeId: A, quantity: 3 }]);
    round.reserve("ben", one);
    round.reserve("ann", [{ ticketTypeId: B, quantity: 2 }]);
    const found = check(round.history, round.evidence);
    expect(new Set(found.map(({ claim }) => claim))).to.deep.equal(
      new Set(["nobody has more than the limit"]),
    );
    expect(found[0]?.history.map(({ number }) => number)).to.deep.equal([1, 3]);
  });

  it("sees each side without the other, and states that do not go together", () => {
    const claim = "every unknown outcome resolves to exactly one";
    const orphan = wholeRound();
    orphan.round.reservations.splice(0, 1);
    expect(broken(orphan.round)).to.include(claim);
    const ghost = wholeRound();
    ghost.round.allocations.splice(0, 1);
    expect(broken(ghost.round)).to.include(claim);
    const apart = wholeRound();
    apart.round.allocation(apart.given).state = "HELD";
    expect(broken(apart.round)).to.include(claim);
    const forgotten = wholeRound();
    forgotten.round.requestKeys.pop();
    expect(broken(forgotten.round)).to.include(claim);
  });

  it("lets units be given back that no reservation came of", () => {
    const { round, lost } = wholeRound();
    const isOther = ({ reservationId }: { reservationId: string }) => reservationId !== lost;
    const evidence = {
      ...round.evidence,
      reservations: round.reservations.filter(({ id }) => id !== lost),
      moves: round.moves.filter(isOther),
      stream: round.stream.filter(isOther),
    };
    expect(broken(round, evidence)).to.deep.equal([]);
  });

  it("sees what consumers were never told, told in another order, or told wrongly", () => {
    const claim = "the event stream replays to the same state";
    const gap = wholeRound().round;
    gap.stream.splice(1, 1);
    expect(broken(gap)).to.deep.equal([claim]);
    const order = wholeRound().round;
    order.stream.splice(0, 0, ...order.stream.splice(1, 1));
    expect(broken(order)).to.deep.equal([claim]);
    const invented = wholeRound().round;
    invented.moves.splice(1, 1);
    expect(broken(invented)).to.include(claim);
    const repeated = wholeRound().round;
    repeated.stream.push(...repeated.stream);
    expect(broken(repeated)).to.deep.equal([]);
  });

  it("puts the ledger's own findings where they belong", () => {
    const round = new SampleRound();
    const ledger = [
      "ticket type 0 of event x is OVERSOLD: 6 of 5",
      "ticket type 0 of event x does not add up: capacity 5",
      "user x has 9 units of event y, which allows 4",
      "reservation x is held, its allocation missing",
      "reservation x is held, but expired was published last",
    ];
    const found = check(round.history, { ...round.evidence, ledger });
    expect(found.map(({ claim }) => claim)).to.deep.equal([
      "nothing is sold twice",
      "units add up to the capacity",
      "nobody has more than the limit",
      "every unknown outcome resolves to exactly one",
      "the event stream replays to the same state",
    ]);
  });
});
