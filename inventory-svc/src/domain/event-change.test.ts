import { expect } from "chai";
import type { EventTerms } from "./event.ts";
import { decideEventChange, type EventPatch } from "./event-change.ts";
import type { Book, EventChange } from "./ledger.ts";

const NOW = new Date("2030-01-15T12:00:00Z");
const ROOM = { admitPerMinute: 60, maxActive: 10, passSeconds: 300, onStoreLoss: "open" } as const;

const TERMS: EventTerms = {
  name: "Concert",
  venue: "Hall",
  startTime: new Date("2030-02-01"),
  salesOpenTime: new Date("2030-01-01"),
  salesCloseTime: new Date("2030-01-31"),
  holdSeconds: 600,
  maxPerUser: 8,
  waitingRoom: ROOM,
};

function bookOf(terms: EventTerms = TERMS, eventChange?: EventChange): Book {
  const line = { priceMinor: 100, available: 4, held: 5, sold: 1 };
  const { salesOpenTime, salesCloseTime, holdSeconds, maxPerUser } = terms;
  return {
    now: NOW,
    event: {
      ...{ eventId: "event", salesOpenTime, salesCloseTime, holdSeconds, maxPerUser },
      ...{ currency: "EUR", fence: 0n, stockVersion: 0n },
    },
    stock: [{ ...line, position: 0, ticketTypeId: "type-0", capacity: 10 }],
    allocations: new Map(),
    unitsByUser: new Map(),
    terms,
    ...(eventChange && { eventChange }),
  };
}

function decide(patch: EventPatch, book = bookOf()) {
  return decideEventChange(book, { id: "change", requestId: "key", requestHash: "hash", patch });
}

describe("decideEventChange()", () => {
  it("changes what is named, and leaves the rest", () => {
    const salesOpenTime = new Date("2030-01-20");
    const { answer, change } = decide({ salesOpenTime, waitingRoom: { maxActive: 20 } });
    const terms = { ...TERMS, salesOpenTime, waitingRoom: { ...ROOM, maxActive: 20 } };
    expect(answer).to.deep.equal({ terms, capacities: [10], replayed: false });
    expect(change).to.deep.equal({
      ...{ inserts: [], moves: [], deltas: [] },
      eventChange: {
        ...{ id: "change", eventId: "event", requestHash: "hash", terms, capacities: [10] },
        fields: {
          salesOpenTime: { before: TERMS.salesOpenTime, after: salesOpenTime },
          "waitingRoom.maxActive": { before: 10, after: 20 },
        },
      },
    });
  });

  it("normalizes texts as those of a new event", () => {
    expect(decide({ name: "  Cafe\u0301 " }).answer).to.nested.include({ "terms.name": "Café" });
  });

  it("is kept, though it changes nothing", () => {
    expect(decide({ holdSeconds: 600 }).change.eventChange).to.deep.include({ fields: {} });
  });

  for (const [what, patch] of [
    ["opens the sale now", { salesOpenTime: NOW }],
    ["opened it long ago", { salesOpenTime: new Date(0) }],
    ["pauses it", { salesOpenTime: new Date("2030-01-16") }],
    ["closes it now", { salesCloseTime: NOW }],
    ["closed it an hour ago", { salesCloseTime: new Date("2030-01-15T11:00:00Z") }],
    [
      "moves all of it",
      { salesOpenTime: new Date("2031-01-01"), salesCloseTime: new Date("2031-01-02") },
    ],
    ["lets nobody in", { waitingRoom: { admitPerMinute: 0 } }],
  ] as const) {
    it(`allows what ${what}`, () => {
      expect(decide(patch).answer).to.have.property("replayed", false);
    });
  }

  const before = TERMS.salesOpenTime;
  for (const [field, patch] of [
    ["event.name", { name: " " }],
    ["event.venue", { venue: "x".repeat(201) }],
    ["event.hold_seconds", { holdSeconds: 0 }],
    ["event.max_per_user", { maxPerUser: 1001 }],
    ["event.sales_close_time", { salesCloseTime: before }],
    ["event.sales_close_time", { salesOpenTime: NOW, salesCloseTime: NOW }],
    ["event.sales_close_time", { salesOpenTime: new Date(0), salesCloseTime: new Date(1) }],
    // It was not the end that was named.
    ["event.sales_open_time", { salesOpenTime: TERMS.salesCloseTime }],
    ["event.waiting_room.admit_per_minute", { waitingRoom: { admitPerMinute: -1 } }],
    ["event.waiting_room.max_active", { waitingRoom: { maxActive: 0 } }],
    ["event.waiting_room.pass_seconds", { waitingRoom: { passSeconds: 9 } }],
  ] as const) {
    it(`refuses ${JSON.stringify(patch)}, and says that it is ${field}`, () => {
      expect(() => decide(patch))
        .to.throw()
        .that.nested.include({ reason: "INVALID_FIELD", "metadata.field": field });
    });
  }

  it("gives no waiting room to an event that has none", () => {
    const book = bookOf({ ...TERMS, waitingRoom: undefined });
    expect(() => decide({ waitingRoom: ROOM }, book))
      .to.throw()
      .that.nested.include({ "metadata.field": "event.waiting_room" });
    expect(decide({ name: "Other" }, book).answer).to.nested.include({ "terms.name": "Other" });
  });

  it("names an event anew whose sale is long over, and ends it later", () => {
    const book = bookOf({ ...TERMS, salesCloseTime: new Date("2030-01-02") });
    for (const patch of [{ name: "Other" }, { salesCloseTime: new Date("2030-01-03") }]) {
      expect(decide(patch, book).answer).to.have.property("replayed", false);
    }
  });

  describe("of a change that was made before", () => {
    const earlier = decide({ holdSeconds: 60 }).change.eventChange as EventChange;

    it("gives the first answer, whatever the terms are by now", () => {
      const { answer, change } = decide({ holdSeconds: 60 }, bookOf(TERMS, earlier));
      expect(answer).to.deep.include({ terms: { ...TERMS, holdSeconds: 60 }, replayed: true });
      expect(change).to.deep.equal({ inserts: [], moves: [], deltas: [] });
    });

    for (const part of ["requestHash", "eventId"] as const) {
      it(`refuses another ${part}`, () => {
        const { answer } = decide({}, bookOf(TERMS, { ...earlier, [part]: "other" }));
        expect(answer).to.include({ reason: "IDEMPOTENCY_KEY_REUSED" });
      });
    }
  });
});
