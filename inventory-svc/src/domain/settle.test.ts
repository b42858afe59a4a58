import { expect } from "chai";
import type { Allocation, AllocationState, Book } from "./ledger.ts";
import { decideCommit, decideRelease } from "./settle.ts";

const NOW = new Date("2030-01-01T12:00:00Z");

function allocation(
  id: string,
  state: AllocationState,
  more: Partial<Allocation> = {},
): Allocation {
  return {
    id,
    eventId: "event",
    userId: `user of ${id}`,
    state,
    lines: [{ position: 0, quantity: 2 }],
    units: 2,
    totalMinor: 200,
    createTime: NOW,
    firstExpireTime: NOW,
    expireTime: NOW,
    reacquired: false,
    ...more,
  };
}

function bookOf(
  allocations: readonly Allocation[],
  stock: { available: number; held: number; sold: number },
  units: [string, number][] = [],
): Book {
  const { available, held, sold } = stock;
  return {
    now: NOW,
    event: {
      eventId: "event",
      salesOpenTime: NOW,
      salesCloseTime: NOW,
      holdSeconds: 600,
      maxPerUser: 3,
      currency: "EUR",
      fence: 0n,
      stockVersion: 0n,
    },
    stock: [
      {
        position: 0,
        ticketTypeId: "type",
        priceMinor: 100,
        capacity: available + held + sold,
        ...stock,
      },
    ],
    allocations: new Map(allocations.map((found) => [found.id, found])),
    unitsByUser: new Map(units),
  };
}

describe("decideCommit()", () => {
  it("sells what is held", () => {
    const book = bookOf([allocation("a", "HELD")], { available: 0, held: 2, sold: 0 });
    expect(decideCommit(book, ["a"])).to.deep.equal({
      answers: [{ reacquired: false, isNew: true }],
      change: {
        inserts: [],
        moves: [{ id: "a", from: "HELD", to: "COMMITTED" }],
        deltas: [{ position: 0, available: 0, held: -2, sold: 2 }],
      },
    });
  });

  it("changes nothing for what is sold, and keeps saying that it was taken again", () => {
    const sold = [allocation("a", "COMMITTED"), allocation("b", "COMMITTED", { reacquired: true })];
    const book = bookOf(sold, { available: 0, held: 0, sold: 4 });
    const { answers, change } = decideCommit(book, ["a", "b"]);
    expect(answers).to.deep.equal([
      { reacquired: false, isNew: false },
      { reacquired: true, isNew: false },
    ]);
    expect(change).to.deep.equal({ inserts: [], moves: [], deltas: [] });
  });

  it("commits an id that comes twice once", () => {
    const book = bookOf([allocation("a", "HELD")], { available: 0, held: 2, sold: 0 });
    const { answers, change } = decideCommit(book, ["a", "a"]);
    expect(answers).to.have.deep.members([
      { reacquired: false, isNew: true },
      { reacquired: false, isNew: false },
    ]);
    expect(change.moves).to.deep.equal([{ id: "a", from: "HELD", to: "COMMITTED" }]);
  });

  it("takes released units again while there are some", () => {
    const released = [allocation("a", "RELEASED"), allocation("b", "RELEASED")];
    const book = bookOf(released, { available: 3, held: 0, sold: 0 });
    const { answers, change } = decideCommit(book, ["a", "b", "a"]);
    expect(answers).to.have.length(3);
    expect(answers[0]).to.deep.equal({ reacquired: true, isNew: true });
    expect(answers[1]).to.include({ reason: "SOLD_OUT" });
    expect(answers[2]).to.deep.equal({ reacquired: true, isNew: false });
    expect(change.moves).to.deep.equal([
      { id: "a", from: "RELEASED", to: "COMMITTED" },
      { id: "b", from: "RELEASED", to: "VOIDED" },
    ]);
    expect(change.deltas).to.deep.equal([{ position: 0, available: -2, held: 0, sold: 2 }]);
  });

  it("refuses for good: a repeat is not sold what came back meanwhile", () => {
    const book = bookOf([allocation("a", "RELEASED")], { available: 1, held: 0, sold: 0 });
    const { answers, change } = decideCommit(book, ["a", "a"]);
    expect(answers[0]).to.include({ reason: "SOLD_OUT" });
    expect(answers[1]).to.include({ reason: "ALLOCATION_NOT_HELD" });
    expect(change).to.deep.equal({
      inserts: [],
      moves: [{ id: "a", from: "RELEASED", to: "VOIDED" }],
      deltas: [],
    });
  });

  it("does not take released units beyond the buyer's limit", () => {
    const book = bookOf(
      [allocation("a", "RELEASED", { userId: "ann" })],
      { available: 9, held: 0, sold: 0 },
      [["ann", 2]],
    );
    const { answers, change } = decideCommit(book, ["a"]);
    expect(answers[0]).to.include({ reason: "LIMIT_EXCEEDED" });
    expect(change.moves).to.deep.equal([{ id: "a", from: "RELEASED", to: "VOIDED" }]);
  });

  it("counts what a buyer takes again in the same batch", () => {
    const released = ["a", "b"].map((id) => allocation(id, "RELEASED", { userId: "ann" }));
    const { answers, change } = decideCommit(bookOf(released, { available: 9, held: 0, sold: 0 }), [
      "a",
      "b",
    ]);
    expect(answers[0]).to.deep.equal({ reacquired: true, isNew: true });
    expect(answers[1]).to.include({ reason: "LIMIT_EXCEEDED" });
    expect(change.deltas).to.deep.equal([{ position: 0, available: -2, held: 0, sold: 2 }]);
  });

  it("knows neither strangers nor another event's", () => {
    const book = bookOf([allocation("a", "HELD", { eventId: "other" })], {
      available: 0,
      held: 2,
      sold: 0,
    });
    for (const answer of decideCommit(book, ["a", "b"]).answers) {
      expect(answer).to.include({ reason: "ALLOCATION_NOT_FOUND" });
    }
  });

  it("throws rather than sell what the stock does not hold", () => {
    const book = bookOf([allocation("a", "HELD")], { available: 2, held: 1, sold: 0 });
    expect(() => decideCommit(book, ["a"])).to.throw(RangeError);
  });

  it("throws on a ticket type that the event does not have", () => {
    const lines = [{ position: 5, quantity: 1 }];
    const book = bookOf([allocation("a", "HELD", { lines })], { available: 0, held: 2, sold: 0 });
    expect(() => decideCommit(book, ["a"])).to.throw(RangeError);
  });
});

describe("decideRelease()", () => {
  const found = [
    allocation("a", "HELD"),
    allocation("b", "COMMITTED"),
    allocation("c", "RELEASED"),
  ];
  const wishes = (isFinal: boolean) =>
    ["a", "b", "c", "a", "unknown"].map((allocationId) => ({ allocationId, isFinal }));

  it("voids what is cancelled, held or sold, and gives its units back once", () => {
    const book = bookOf(found, { available: 2, held: 2, sold: 2 });
    expect(decideRelease(book, wishes(true))).to.deep.equal({
      releasedCount: 2,
      change: {
        inserts: [],
        moves: [
          { id: "a", from: "HELD", to: "VOIDED" },
          { id: "b", from: "COMMITTED", to: "VOIDED" },
          { id: "c", from: "RELEASED", to: "VOIDED" },
        ],
        deltas: [{ position: 0, available: 4, held: -2, sold: -2 }],
      },
    });
  });

  it("gives back what expired, but never what is sold", () => {
    const book = bookOf(found, { available: 2, held: 2, sold: 2 });
    expect(decideRelease(book, wishes(false))).to.deep.equal({
      releasedCount: 1,
      change: {
        inserts: [],
        moves: [{ id: "a", from: "HELD", to: "RELEASED" }],
        deltas: [{ position: 0, available: 2, held: -2, sold: 0 }],
      },
    });
  });

  it("makes one move of what is given back, and then given back for good", () => {
    const book = bookOf(found, { available: 2, held: 2, sold: 2 });
    const both = [
      { allocationId: "c", isFinal: true },
      { allocationId: "a", isFinal: false },
      { allocationId: "a", isFinal: true },
    ];
    expect(decideRelease(book, both)).to.deep.equal({
      releasedCount: 1,
      change: {
        inserts: [],
        moves: [
          { id: "c", from: "RELEASED", to: "VOIDED" },
          { id: "a", from: "HELD", to: "VOIDED" },
        ],
        deltas: [{ position: 0, available: 2, held: -2, sold: 0 }],
      },
    });
  });

  it("lets nothing become of what is voided", () => {
    const book = bookOf([allocation("a", "VOIDED")], { available: 2, held: 0, sold: 0 });
    expect(decideRelease(book, wishes(true)).releasedCount).to.equal(0);
    expect(decideCommit(book, ["a"])).to.deep.include({
      change: { inserts: [], moves: [], deltas: [] },
    });
    expect(decideCommit(book, ["a"]).answers[0]).to.include({ reason: "ALLOCATION_NOT_HELD" });
  });

  it("leaves alone what was extended or committed since it was found", () => {
    const found = [
      allocation("lapsed", "HELD"),
      allocation("extended", "HELD", { expireTime: new Date(NOW.getTime() + 1) }),
      allocation("committed", "COMMITTED"),
    ];
    const book = bookOf(found, { available: 0, held: 4, sold: 2 });
    const { change } = decideRelease(
      book,
      ["lapsed", "extended", "committed"].map((allocationId) => ({
        allocationId,
        isFinal: false,
      })),
      NOW,
    );
    expect(change.moves).to.deep.equal([{ id: "lapsed", from: "HELD", to: "RELEASED" }]);
  });
});
