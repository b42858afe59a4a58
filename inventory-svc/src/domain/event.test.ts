import { expect } from "chai";
import { type EventDraft, type TicketTypeDraft, validEvent } from "./event.ts";

function draft(more: Partial<EventDraft> = {}): EventDraft {
  return {
    organiserId: "organiser",
    name: "Concert",
    venue: "Hall",
    startTime: new Date("2030-02-01"),
    salesOpenTime: new Date("2030-01-01"),
    salesCloseTime: new Date("2030-01-31"),
    holdSeconds: 600,
    maxPerUser: 8,
    waitingRoom: undefined,
    ticketTypes: [type()],
    ...more,
  };
}

function type(more: Partial<TicketTypeDraft> = {}): TicketTypeDraft {
  return { name: "Seat", priceMinor: 1000, currency: "EUR", capacity: 10, ...more };
}

const ROOM = { admitPerMinute: 60, maxActive: 10, passSeconds: 300, onStoreLoss: "open" } as const;

describe("validEvent()", () => {
  it("trims and normalizes texts", () => {
    const event = validEvent(
      draft({ name: "  Cafe\u0301 ", venue: "\tHall\n", ticketTypes: [type({ name: " Seat " })] }),
    );
    expect(event).to.include({ name: "Café", venue: "Hall" });
    expect(event.ticketTypes[0]).to.include({ name: "Seat" });
  });

  it("accepts every bound", () => {
    const least = {
      admitPerMinute: 1,
      maxActive: 1,
      passSeconds: 10,
      onStoreLoss: "closed",
    } as const;
    const most = { ...ROOM, admitPerMinute: 1_000_000, maxActive: 1_000_000, passSeconds: 3600 };
    for (const event of [
      draft({ holdSeconds: 1, maxPerUser: 1, waitingRoom: least, name: "x" }),
      draft({ holdSeconds: 7200, maxPerUser: 1000, waitingRoom: most, name: "😀".repeat(200) }),
      draft({ ticketTypes: [type({ priceMinor: 0, capacity: 0 })] }),
      draft({ ticketTypes: [type({ priceMinor: 100_000_000, capacity: 10_000_000 })] }),
      draft({ ticketTypes: Array.from({ length: 50 }, (_, index) => type({ name: `${index}` })) }),
    ]) {
      expect(() => validEvent(event)).to.not.throw();
    }
  });

  const cases: [string, Partial<EventDraft>][] = [
    ["event.name", { name: "  " }],
    ["event.name", { name: "x".repeat(201) }],
    // Normalized, it would block the process for as long as a test may take.
    ["event.name", { name: `x${"\u0315\u0300".repeat(200_000)}` }],
    ["event.name", { name: "a\u0000b" }],
    ["event.name", { name: "a\ud800b" }],
    ["event.name", { name: "\u200b" }],
    ["event.name", { name: "a\u202eb" }],
    ["event.venue", { venue: "" }],
    ["event.hold_seconds", { holdSeconds: -1 }],
    ["event.hold_seconds", { holdSeconds: 7201 }],
    ["event.max_per_user", { maxPerUser: -1 }],
    ["event.max_per_user", { maxPerUser: 1001 }],
    ["event.sales_close_time", { salesCloseTime: new Date("2030-01-01") }],
    ["event.waiting_room.admit_per_minute", { waitingRoom: { ...ROOM, admitPerMinute: 0 } }],
    ["event.waiting_room.max_active", { waitingRoom: { ...ROOM, maxActive: 1_000_001 } }],
    ["event.waiting_room.pass_seconds", { waitingRoom: { ...ROOM, passSeconds: 9 } }],
    ["event.ticket_types", { ticketTypes: [] }],
    ["event.ticket_types", { ticketTypes: Array.from({ length: 51 }, () => type()) }],
    ["event.ticket_types[0].name", { ticketTypes: [type({ name: "x".repeat(101) })] }],
    ["event.ticket_types[1].name", { ticketTypes: [type(), type({ name: "Seat " })] }],
    ["event.ticket_types[0].capacity", { ticketTypes: [type({ capacity: -1 })] }],
    ["event.ticket_types[0].capacity", { ticketTypes: [type({ capacity: 10_000_001 })] }],
    ["event.ticket_types[0].price.amount_minor", { ticketTypes: [type({ priceMinor: -1 })] }],
    [
      "event.ticket_types[0].price.amount_minor",
      { ticketTypes: [type({ priceMinor: 100_000_001 })] },
    ],
    ["event.ticket_types[0].price.currency_code", { ticketTypes: [type({ currency: "eur" })] }],
    [
      "event.ticket_types[1].price.currency_code",
      { ticketTypes: [type(), type({ name: "Other", currency: "USD" })] },
    ],
  ];
  for (const [index, [field, more]] of cases.entries()) {
    it(`refuses a bad ${field} (case ${index})`, () => {
      expect(() => validEvent(draft(more)))
        .to.throw()
        .that.nested.include({ reason: "INVALID_FIELD", "metadata.field": field });
    });
  }
});
