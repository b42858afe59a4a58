import { expect } from "chai";
import { decideAllocate, type Grant, type Wish } from "./decide.ts";
import type { Refusal } from "./errors.ts";
import type { Allocation, Book, SaleRules } from "./ledger.ts";

const NOW = new Date("2030-01-01T12:00:00.000Z");
const EVENT_ID = "event";

function bookOf(
  available: readonly number[],
  options: {
    event?: Partial<SaleRules>;
    allocations?: Allocation[];
    units?: [string, number][];
  } = {},
): Book {
  return {
    now: NOW,
    event: {
      eventId: EVENT_ID,
      salesOpenTime: new Date("2030-01-01T11:00:00Z"),
      salesCloseTime: new Date("2030-01-01T13:00:00Z"),
      holdSeconds: 600,
      maxPerUser: 8,
      currency: "EUR",
      fence: 0n,
      stockVersion: 0n,
      ...options.event,
    },
    stock: available.map((units, position) => ({
      position,
      ticketTypeId: `type-${position}`,
      priceMinor: 100 * (position + 1),
      capacity: units,
      available: units,
      held: 0,
      sold: 0,
    })),
    allocations: new Map((options.allocations ?? []).map((found) => [found.id, found])),
    unitsByUser: new Map(options.units ?? []),
  };
}

/** A wish of `user`; items are [position, quantity]. */
function wish(allocationId: string, userId: string, ...items: [number, number][]): Wish {
  return {
    allocationId,
    userId,
    items: items.map(([position, quantity]) => ({ ticketTypeId: `type-${position}`, quantity })),
  };
}

function held(id: string, userId: string, quantity: number): Allocation {
  return {
    id,
    eventId: EVENT_ID,
    userId,
    state: "HELD",
    lines: [{ position: 0, quantity }],
    units: quantity,
    totalMinor: 100 * quantity,
    createTime: new Date("2030-01-01T11:59:00Z"),
    firstExpireTime: new Date("2030-01-01T12:09:00Z"),
    expireTime: new Date("2030-01-01T12:19:00Z"),
    reacquired: false,
  };
}

/** An answer in a word. */
function wordOf(answer: Grant | Refusal): string {
  return "reason" in answer ? answer.reason : answer.replayed ? "replayed" : "granted";
}

function words(book: Book, entries: readonly (Wish | Refusal)[], token = 0n): string[] {
  return decideAllocate(book, entries, token).answers.map(wordOf);
}

describe("decideAllocate()", () => {
  it("grants what is there, for the sum of its prices", () => {
    const book = bookOf([5, 5]);
    const { answers, change, expireTime } = decideAllocate(
      book,
      [wish("a", "ann", [1, 2], [0, 1])],
      0n,
    );
    expect(expireTime).to.deep.equal(new Date("2030-01-01T12:10:00Z"));
    expect(answers).to.deep.equal([
      {
        replayed: false,
        allocation: {
          id: "a",
          eventId: EVENT_ID,
          userId: "ann",
          state: "HELD",
          lines: [
            { position: 0, quantity: 1 },
            { position: 1, quantity: 2 },
          ],
          units: 3,
          totalMinor: 500,
          createTime: NOW,
          firstExpireTime: expireTime,
          expireTime,
          reacquired: false,
        },
      },
    ]);
    expect(change.deltas).to.deep.equal([
      { position: 0, available: -1, held: 1, sold: 0 },
      { position: 1, available: -2, held: 2, sold: 0 },
    ]);
    expect(change).to.not.have.property("fence");
  });

  it("gives the last unit to the first of two", () => {
    const entries = [wish("a", "ann", [0, 1]), wish("b", "bob", [0, 1])];
    expect(words(bookOf([1]), entries)).to.deep.equal(["granted", "SOLD_OUT"]);
  });

  it("counts two items of one type together", () => {
    expect(words(bookOf([3]), [wish("a", "ann", [0, 2], [0, 2])])).to.deep.equal(["SOLD_OUT"]);
    expect(words(bookOf([4]), [wish("a", "ann", [0, 2], [0, 2])])).to.deep.equal(["granted"]);
  });

  it("takes nothing when one of several types is sold out, and names it", () => {
    const { answers, change } = decideAllocate(
      bookOf([5, 0]),
      [wish("a", "ann", [0, 1], [1, 1])],
      0n,
    );
    expect(answers[0]).to.include({ reason: "SOLD_OUT" });
    expect(answers[0]).to.have.deep.property("metadata", { ticketTypeId: "type-1" });
    expect(change).to.deep.equal({ inserts: [], moves: [], deltas: [] });
  });

  it("goes on after a refusal: what was refused is there for the next", () => {
    const entries = [wish("a", "ann", [0, 4]), wish("b", "bob", [0, 3])];
    expect(words(bookOf([3]), entries)).to.deep.equal(["SOLD_OUT", "granted"]);
  });

  for (const [salesOpenTime, salesCloseTime, answer] of [
    ["2030-01-01T12:00:00.000Z", "2030-01-01T12:00:00.001Z", "granted"],
    ["2030-01-01T12:00:00.001Z", "2030-01-01T13:00:00.000Z", "SALES_CLOSED"],
    ["2030-01-01T11:00:00.000Z", "2030-01-01T12:00:00.000Z", "SALES_CLOSED"],
  ] as const) {
    it(`answers ${answer} when sales are from ${salesOpenTime} to ${salesCloseTime}`, () => {
      const event = {
        salesOpenTime: new Date(salesOpenTime),
        salesCloseTime: new Date(salesCloseTime),
      };
      expect(words(bookOf([1], { event }), [wish("a", "ann", [0, 1])])).to.deep.equal([answer]);
    });
  }

  it("says when the sale is to whoever comes too early", () => {
    const times = {
      salesOpenTime: "2030-01-01T12:00:00.001Z",
      salesCloseTime: "2030-01-01T13:00:00.000Z",
    };
    const event = {
      salesOpenTime: new Date(times.salesOpenTime),
      salesCloseTime: new Date(times.salesCloseTime),
    };
    const { answers } = decideAllocate(bookOf([1], { event }), [wish("a", "ann", [0, 1])], 0n);
    expect(answers[0]).to.have.property("metadata").that.deep.includes(times);
  });

  it("knows no ticket type of another event", () => {
    const { answers } = decideAllocate(bookOf([1]), [wish("a", "ann", [0, 1], [7, 1])], 0n);
    expect(answers[0]).to.include({ reason: "TICKET_TYPE_NOT_FOUND" });
    expect(answers[0]).to.have.deep.property("metadata", { ticketTypeId: "type-7" });
  });

  it("counts what a user has and what earlier entries took for the same user", () => {
    const book = bookOf([50, 50], { units: [["ann", 5]] });
    const entries = [
      wish("a", "ann", [0, 2]),
      wish("b", "ann", [1, 2]),
      wish("c", "ann", [1, 1]),
      wish("d", "bob", [0, 8]),
    ];
    expect(words(book, entries)).to.deep.equal(["granted", "LIMIT_EXCEEDED", "granted", "granted"]);
  });

  it("answers a known id as before, whatever became of it, and takes nothing", () => {
    for (const state of ["HELD", "COMMITTED", "RELEASED"] as const) {
      const known = { ...held("a", "ann", 2), state };
      // Sold out, closed and over the limit: a replay passes them all.
      const book = bookOf([0], {
        allocations: [known],
        units: [["ann", 8]],
        event: { salesCloseTime: NOW },
      });
      const { answers, change } = decideAllocate(book, [wish("a", "ann", [0, 1], [0, 1])], 0n);
      expect(answers).to.deep.equal([{ allocation: known, replayed: true }]);
      expect(change.deltas).to.deep.equal([]);
    }
  });

  it("answers the second of two entries with one id as a replay", () => {
    const entries = [wish("a", "ann", [0, 1]), wish("a", "ann", [0, 1])];
    const { answers, change } = decideAllocate(bookOf([5]), entries, 0n);
    expect(answers.map(wordOf)).to.deep.equal(["granted", "replayed"]);
    expect(change.inserts).to.have.length(1);
    expect(change.deltas).to.deep.equal([{ position: 0, available: -1, held: 1, sold: 0 }]);
  });

  for (const [what, known, again] of [
    ["user", held("a", "ann", 1), wish("a", "bob", [0, 1])],
    ["event", { ...held("a", "ann", 1), eventId: "other" }, wish("a", "ann", [0, 1])],
    ["quantity", held("a", "ann", 1), wish("a", "ann", [0, 2])],
    ["ticket type", held("a", "ann", 1), wish("a", "ann", [1, 1])],
    ["number of types", held("a", "ann", 1), wish("a", "ann", [0, 1], [1, 1])],
    ["unknown ticket type", held("a", "ann", 1), wish("a", "ann", [9, 1])],
  ] as const) {
    it(`refuses a known id with another ${what}`, () => {
      const book = bookOf([5, 5], { allocations: [known] });
      expect(words(book, [again])).to.deep.equal(["ALLOCATION_CONFLICT"]);
    });
  }

  it("keeps the place of entries that were refused before", () => {
    const bad: Refusal = { reason: "INVALID_FIELD", message: "bad", metadata: {} };
    const entries = [bad, wish("a", "ann", [0, 1]), bad];
    expect(words(bookOf([1]), entries)).to.deep.equal([
      "INVALID_FIELD",
      "granted",
      "INVALID_FIELD",
    ]);
  });

  describe("with a fencing token", () => {
    const event = { fence: 7n };

    it("refuses the whole call of an older one, and tells the last", () => {
      try {
        decideAllocate(bookOf([1], { event }), [wish("a", "ann", [0, 1])], 6n);
        expect.fail("was not refused");
      } catch (failure) {
        expect(failure).to.include({ reason: "FENCED" });
        expect(failure).to.have.deep.property("metadata", { lastToken: "7" });
      }
    });

    it("serves the same one again without moving it", () => {
      const { change } = decideAllocate(bookOf([1], { event }), [wish("a", "ann", [0, 1])], 7n);
      expect(change).to.not.have.property("fence");
      expect(change.inserts).to.have.length(1);
    });

    it("remembers a newer one even when nothing is granted", () => {
      const { change } = decideAllocate(bookOf([0], { event }), [wish("a", "ann", [0, 1])], 8n);
      expect(change).to.deep.equal({ inserts: [], moves: [], deltas: [], fence: 8n });
    });

    it("serves callers without a token", () => {
      expect(words(bookOf([1], { event }), [wish("a", "ann", [0, 1])], 0n)).to.deep.equal([
        "granted",
      ]);
    });
  });
});
