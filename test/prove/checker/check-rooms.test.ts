import { expect } from "chai";
import { check } from "./check.ts";
import { A, EVENT, SampleRound } from "./sample-round.ts";
import type { Claim } from "./violation.ts";

const one = [{ ticketTypeId: A, quantity: 1 }];

/** Every claim that is broken, once. */
function broken(round: SampleRound): Claim[] {
  return [...new Set(check(round.history, round.evidence).map(({ claim }) => claim))];
}

describe("the checker, on waiting rooms", () => {
  const claim = "nobody is lost in the waiting room";
  let round: SampleRound;
  beforeEach(() => {
    round = new SampleRound();
    round.event = { ...EVENT, hasWaitingRoom: true };
  });

  it("finds nothing where people wait, get in, buy, leave, fall silent, and come back", () => {
    round.queue("ann", "join", { position: 2 });
    round.queue("ann", "poll", { position: 1 });
    round.queue("ann", "poll", { state: "ADMITTED", pass: "p" });
    round.reserve("ann", one, { pass: "p" });
    round.queue("ben", "join", { position: 3 });
    round.queue("ben", "leave");
    round.queue("ben", "join", { position: 9 });
    round.nowMs += 20_000;
    round.queue("ben", "poll", { state: "EXPIRED" });
    round.queue("ben", "join", { position: 10 });
    round.nowMs += 20_000;
    round.queue("ben", "join", { position: 20 });
    expect(broken(round)).to.deep.equal([]);
  });

  it("sees a position that grows, a place that is lost, and somebody passed over", () => {
    for (const [kind, answer] of [
      ["grows", { place: { state: "WAITING" as const, position: 3, pollAfterMs: 1 } }],
      ["lost", { status: 404, code: "PLACE_NOT_FOUND" }],
      ["passed over", { place: { state: "EXPIRED" as const, position: null, pollAfterMs: null } }],
    ] as const) {
      round.queue("ann", "join", { position: 2 });
      round.ask("ann", { kind: "poll", eventId: EVENT.id }, undefined, answer);
      expect(broken(round), kind).to.deep.equal([claim]);
      round.operations.splice(0);
    }
  });

  it("sees who buys without a pass, or twice with one", () => {
    round.reserve("ann", one);
    expect(broken(round)).to.deep.equal([claim]);
    const other = new SampleRound();
    other.event = round.event;
    other.reserve("ann", one, { pass: "p" });
    other.reserve("ann", one, { pass: "p" });
    expect(broken(other)).to.deep.equal([claim]);
  });

  it("sees who was overtaken, and by whom", () => {
    round.queue("ann", "join", { position: 1 });
    round.queue("ben", "join", { position: 2 });
    round.queue("ben", "poll", { state: "ADMITTED", pass: "p" });
    round.queue("ann", "poll", { position: 1 });
    const found = check(round.history, round.evidence);
    expect(found.map((violation) => violation.claim)).to.deep.equal([claim]);
    expect(found[0]?.history.map(({ number }) => number)).to.deep.equal([1, 2, 3, 4]);
  });
});
