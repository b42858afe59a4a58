import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { ReservationItemSchema } from "@tessera/proto/reservation/v1/reservation_pb";
import {
  ConfirmReservationEntrySchema,
  CreateReservationEntrySchema,
} from "@tessera/proto/reservation/v1/reservation_service_pb";
import { expect } from "chai";
import { checkBatch, ENTRIES_MAX, parseChange, parseConfirm, parseCreate } from "./parse.ts";

const USER = "0190a5c8-7b1e-7c3d-8f00-000000000001";
const EVENT = "0190a5c8-7b1e-7c3d-8f00-000000000002";
const TYPE_A = "0190a5c8-7b1e-7c3d-8f00-00000000000a";
const TYPE_B = "0190a5c8-7b1e-7c3d-8f00-00000000000b";

describe("parseCreate", () => {
  it("reads a wish, and sums items of one type", () => {
    const items = [item(TYPE_A, 1), item(TYPE_B, 100), item(TYPE_A, 2)];
    expect(parseCreate(wish({ items, admissionPass: "a.b.c" }))).to.deep.equal({
      admissionPass: "a.b.c",
      requestId: "r 1",
      userId: USER,
      eventId: EVENT,
      items: [
        { ticketTypeId: TYPE_A, quantity: 3 },
        { ticketTypeId: TYPE_B, quantity: 100 },
      ],
    });
  });

  const bad: readonly [string, Wish][] = [
    ["request_id", { requestId: "" }],
    ["request_id", { requestId: "x".repeat(256) }],
    ["request_id", { requestId: "bücher" }],
    ["request_id", { requestId: "new\nline" }],
    ["request_id", { requestId: " padded " }],
    ["user_id", { userId: "" }],
    ["user_id", { userId: USER.toUpperCase() }],
    ["event_id", { eventId: "concert" }],
    ["items", { items: [] }],
    ["items", { items: Array.from({ length: 21 }, () => item(TYPE_A, 1)) }],
    ["items[1].ticket_type_id", { items: [item(TYPE_A, 1), item("vip", 1)] }],
    ["items[0].quantity", { items: [item(TYPE_A, 0)] }],
    ["items[0].quantity", { items: [item(TYPE_A, -1)] }],
    ["items[1].quantity", { items: [item(TYPE_A, 1), item(TYPE_B, 101)] }],
    // Two lines of one type must not pass where their sum would not.
    ["items[1].quantity", { items: [item(TYPE_A, 1), item(TYPE_B, 60), item(TYPE_B, 41)] }],
  ];
  for (const [field, part] of bad) {
    it(`names ${field} in ${JSON.stringify(part).slice(0, 70)}`, () => {
      expect(fieldOf(() => parseCreate(wish(part)))).to.equal(field);
    });
  }

  it("takes what is just within bounds", () => {
    for (const requestId of ["!", "~", "xy", `a${" ".repeat(253)}b`, "x".repeat(255)]) {
      expect(parseCreate(wish({ requestId })).requestId).to.equal(requestId);
    }
    const items = Array.from({ length: 20 }, () => item(TYPE_A, 5));
    expect(parseCreate(wish({ items })).items).to.deep.equal([
      { ticketTypeId: TYPE_A, quantity: 100 },
    ]);
  });
});

describe("parseConfirm", () => {
  const valid = { requestId: "r", userId: USER, reservationId: EVENT, paymentReference: "pay-1" };

  it("reads a payment", () => {
    expect(parseConfirm(create(ConfirmReservationEntrySchema, valid))).to.deep.equal(valid);
  });

  const bad: readonly [string, Partial<typeof valid>][] = [
    ["request_id", { requestId: "" }],
    ["user_id", { userId: "me" }],
    ["reservation_id", { reservationId: "" }],
    ["payment_reference", { paymentReference: "" }],
    ["payment_reference", { paymentReference: "p".repeat(256) }],
  ];
  for (const [field, part] of bad) {
    it(`names ${field} in ${JSON.stringify(part).slice(0, 70)}`, () => {
      const entry = create(ConfirmReservationEntrySchema, { ...valid, ...part });
      expect(fieldOf(() => parseConfirm(entry))).to.equal(field);
    });
  }
});

describe("parseChange", () => {
  it("reads a request, and names the field that is wrong", () => {
    const request = { requestId: "r", reservationId: EVENT };
    expect(parseChange(USER, request)).to.deep.equal({ userId: USER, ...request });
    expect(fieldOf(() => parseChange(USER, { ...request, requestId: "" }))).to.equal("request_id");
    expect(fieldOf(() => parseChange(USER, { ...request, reservationId: "1" }))).to.equal(
      "reservation_id",
    );
  });
});

describe("checkBatch", () => {
  it("takes 1 to 500 entries", () => {
    checkBatch([1]);
    checkBatch(Array.from({ length: ENTRIES_MAX }));
    expect(fieldOf(() => checkBatch([]))).to.equal("entries");
    expect(fieldOf(() => checkBatch(Array.from({ length: 501 })))).to.equal("entries");
  });
});

type Wish = MessageInitShape<typeof CreateReservationEntrySchema>;

function wish(part: Wish) {
  return create(CreateReservationEntrySchema, {
    requestId: "r 1",
    userId: USER,
    eventId: EVENT,
    items: [item(TYPE_A, 1)],
    ...part,
  });
}

function item(ticketTypeId: string, quantity: number) {
  return create(ReservationItemSchema, { ticketTypeId, quantity });
}

/** The field that INVALID_FIELD names. */
function fieldOf(parse: () => unknown): string | undefined {
  try {
    parse();
  } catch (reason) {
    expect(reason).to.include({ reason: "INVALID_FIELD" });
    return (reason as { metadata: Record<string, string> }).metadata.field;
  }
  return undefined;
}
