import { expect } from "chai";
import { decideCapacity } from "./capacity.ts";
import type { Book, CapacityChange } from "./ledger.ts";

const NOW = new Date("2030-01-01T12:00:00Z");
const WISH = { id: "change", requestId: "key", ticketTypeId: "type-1" };

/** An event whose second ticket type has 10 units: 3 available, 5 held, 2 sold. */
function bookOf(capacityChange?: CapacityChange): Book {
  const line = { priceMinor: 100, capacity: 10 };
  return {
    now: NOW,
    event: {
      eventId: "event",
      salesOpenTime: NOW,
      salesCloseTime: NOW,
      holdSeconds: 600,
      maxPerUser: 8,
      currency: "EUR",
      fence: 0n,
      stockVersion: 0n,
    },
    stock: [
      { ...line, position: 0, ticketTypeId: "type-0", available: 10, held: 0, sold: 0 },
      { ...line, position: 1, ticketTypeId: "type-1", available: 3, held: 5, sold: 2 },
    ],
    allocations: new Map(),
    unitsByUser: new Map(),
    ...(capacityChange === undefined ? {} : { capacityChange }),
  };
}

describe("decideCapacity()", () => {
  for (const [what, capacity, available] of [
    ["adds units to what is left", 12, 5],
    ["takes units from what is left", 8, 1],
    ["leaves nothing when all is taken", 7, 0],
  ] as const) {
    it(what, () => {
      const { answer, change } = decideCapacity(bookOf(), { ...WISH, capacity });
      const stock = { capacity, available, held: 5, sold: 2 };
      expect(answer).to.deep.include({ replayed: false }).and.to.deep.nested.include({
        "line.ticketTypeId": "type-1",
        "line.capacity": capacity,
        "line.available": available,
      });
      const growth = capacity - 10;
      expect(change).to.deep.equal({
        inserts: [],
        moves: [],
        deltas: [{ position: 1, available: growth, held: 0, sold: 0, capacity: growth }],
        capacityChange: {
          ...{ id: "change", eventId: "event", position: 1, capacityBefore: 10 },
          ...stock,
        },
      });
    });
  }

  it("keeps a change that changes nothing: its repeat must not change anything either", () => {
    const { change } = decideCapacity(bookOf(), { ...WISH, capacity: 10 });
    expect(change.deltas).to.deep.equal([]);
    expect(change.capacityChange).to.include({ capacityBefore: 10, capacity: 10 });
  });

  it("takes nothing from anybody, and says how much is taken", () => {
    const { answer, change } = decideCapacity(bookOf(), { ...WISH, capacity: 6 });
    expect(answer).to.include({ reason: "CAPACITY_BELOW_TAKEN" });
    expect(answer).to.have.deep.property("metadata", { ticketTypeId: "type-1", taken: "7" });
    expect(change).to.deep.equal({ inserts: [], moves: [], deltas: [] });
  });

  const earlier: CapacityChange = {
    ...{ id: "change", eventId: "event", position: 1, capacityBefore: 20 },
    ...{ capacity: 6, available: 2, held: 4, sold: 0 },
  };

  it("gives the first answer again, whatever became of the stock since", () => {
    const { answer, change } = decideCapacity(bookOf(earlier), { ...WISH, capacity: 6 });
    expect(answer).to.deep.equal({
      replayed: true,
      line: {
        ...{ position: 1, ticketTypeId: "type-1", priceMinor: 100 },
        ...{ capacity: 6, available: 2, held: 4, sold: 0 },
      },
    });
    expect(change).to.deep.equal({ inserts: [], moves: [], deltas: [] });
  });

  for (const [what, change] of [
    ["capacity", { capacity: 7 }],
    ["ticket type", { position: 0 }],
    ["event", { eventId: "another" }],
  ] as const) {
    it(`refuses the request id of another ${what}`, () => {
      const book = bookOf({ ...earlier, ...change });
      const { answer } = decideCapacity(book, { ...WISH, capacity: 6 });
      expect(answer).to.include({ reason: "IDEMPOTENCY_KEY_REUSED" });
    });
  }

  it("throws on a ticket type that the event does not have", () => {
    const wish = { ...WISH, ticketTypeId: "type-2", capacity: 6 };
    expect(() => decideCapacity(bookOf(), wish)).to.throw(RangeError);
  });
});
