import { expect } from "chai";
import { printed } from "./printed.ts";
import { A, SampleRound } from "./sample-round.ts";

describe("a printed violation", () => {
  it("is a table that says who did what, and what came of it", () => {
    const round = new SampleRound();
    const id = round.reserve("ann", [{ ticketTypeId: A, quantity: 1 }], { key: "k" });
    round.ask("ann", { kind: "look", eventId: "e", reservationId: id }, undefined, "TIMEOUT");
    const what = "it went wrong";
    const claim = "one key has one effect";
    const text = printed({ claim, what, history: round.operations });
    const name = id.slice(0, 8);
    expect(text.split("\n")).to.deep.equal([
      "BROKEN: one key has one effect",
      "  it went wrong",
      `  #1  1-10 ms   ann  reserve 1×00000000  key k  ok       201 ${name} HELD 2026-01-01T00:01:00.010Z`,
      `  #2  11-20 ms  ann  look ${name}              unknown  TIMEOUT`,
    ]);
  });
});
