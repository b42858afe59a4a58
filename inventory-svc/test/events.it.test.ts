import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { TimestampSchema, timestampFromDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { WaitingRoom_OnStoreLoss } from "@tessera/proto/inventory/v1/event_pb";
import { sealPageToken } from "@tessera/service-kit/page-token";
import { failureOf } from "@tessera/testkit/call-failure";
import { expect } from "chai";
import { eventOf, useInventory } from "./use-inventory.ts";

const ROOM = { admitPerMinute: 60, maxActive: 10, passSeconds: 300 };

describe("events", () => {
  const inventory = useInventory();

  it("are stored as they were described, with defaults for what was not", async () => {
    const { client } = inventory;
    const event = eventOf([5, 0], {
      name: "  Ĉielo 😀 ",
      startTime: timestampFromDate(new Date("2030-05-01T20:00:00.123Z")),
      waitingRoom: ROOM,
    });
    const { event: created, replayed } = await client.createEvent({ requestId: "r", event });
    expect(replayed).to.equal(false);
    expect(created).to.deep.include({
      name: "Ĉielo 😀",
      venue: "Hall",
      holdSeconds: 600,
      maxPerUser: 8,
      organiserId: event.organiserId,
      startTime: event.startTime,
    });
    expect(created?.waitingRoom).to.include({
      ...ROOM,
      onStoreLoss: WaitingRoom_OnStoreLoss.CLOSED,
    });
    expect(created?.ticketTypes.map(({ name, capacity }) => [name, capacity])).to.deep.equal([
      ["Type 0", 5],
      ["Type 1", 0],
    ]);
    expect(created?.ticketTypes[1]?.price).to.include({ amountMinor: 200n, currencyCode: "EUR" });
    const found = await client.getEvent({ eventId: created?.id ?? "" });
    expect(found.event).to.deep.equal(created);
    const { ticketTypes } = await client.getAvailability({ eventId: created?.id ?? "" });
    expect(ticketTypes.map((type) => [type.capacity, type.available])).to.deep.equal([
      [5, 5],
      [0, 0],
    ]);
  });

  it("may be planned for the last instant that there is", async () => {
    const seconds = BigInt(Date.UTC(9999, 11, 31, 23, 59, 59) / 1000);
    const startTime = create(TimestampSchema, { seconds, nanos: 999_999_999 });
    const event = eventOf([1], { startTime });
    const { event: created } = await inventory.client.createEvent({ requestId: "end", event });
    expect(created?.startTime).to.include({ seconds, nanos: 999_000_000 });
  });

  it("are created once for a request id, however often and at once it comes", async () => {
    const { client } = inventory;
    const event = eventOf([1], { waitingRoom: { ...ROOM, onStoreLoss: 1 } });
    const requestId = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => client.createEvent({ requestId, event })),
    );
    expect(answers.filter(({ replayed }) => !replayed)).to.have.length(1);
    expect(new Set(answers.map((answer) => answer.event?.id))).to.have.property("size", 1);
    expect(answers[0]?.event?.waitingRoom?.onStoreLoss).to.equal(WaitingRoom_OnStoreLoss.OPEN);
  });

  it("are not created with a request id of another event, but with another organiser's", async () => {
    const { client } = inventory;
    const event = eventOf([1]);
    const requestId = randomUUID();
    await client.createEvent({ requestId, event });
    const failure = await failureOf(
      client.createEvent({ requestId, event: { ...event, name: "Other" } }),
    );
    expect(failure).to.deep.include({
      reason: "IDEMPOTENCY_KEY_REUSED",
      metadata: { requestId },
    });
    const other = await client.createEvent({
      requestId,
      event: { ...event, organiserId: randomUUID() },
    });
    expect(other.replayed).to.equal(false);
  });

  it("say which field of a new one is bad", async () => {
    const { client } = inventory;
    const event = eventOf([1, 1]);
    const [type = {}, second = {}] = event.ticketTypes ?? [];
    const cases: [string, object][] = [
      ["event.organiser_id", { organiserId: "me" }],
      ["event.name", { name: "" }],
      ["event.start_time", { startTime: undefined }],
      ["event.sales_open_time", { salesOpenTime: timestampFromMs(-1) }],
      ["event.sales_close_time", { salesCloseTime: { seconds: 253_402_300_800n, nanos: 0 } }],
      ["event.sales_close_time", { salesCloseTime: event.salesOpenTime }],
      ["event.hold_seconds", { holdSeconds: -5 }],
      ["event.waiting_room.pass_seconds", { waitingRoom: { ...ROOM, passSeconds: 9 } }],
      ["event.waiting_room.on_store_loss", { waitingRoom: { ...ROOM, onStoreLoss: 9 } }],
      ["event.ticket_types", { ticketTypes: [] }],
      ["event.ticket_types[1].price", { ticketTypes: [type, { ...second, price: undefined }] }],
      ["event.ticket_types[1].capacity", { ticketTypes: [type, { ...second, capacity: -1 }] }],
    ];
    for (const [field, more] of cases) {
      const call = client.createEvent({ requestId: "r", event: { ...event, ...more } });
      expect(await failureOf(call), field).to.nested.include({
        reason: "INVALID_FIELD",
        "metadata.field": field,
      });
    }
    for (const requestId of ["", "x".repeat(256), "ü"]) {
      const failure = await failureOf(client.createEvent({ requestId, event }));
      expect(failure.metadata).to.include({ field: "request_id" });
    }
    expect((await failureOf(client.createEvent({ requestId: "r" }))).metadata).to.include({
      field: "event",
    });
  });

  it("are not found when there are none", async () => {
    const { client } = inventory;
    const eventId = randomUUID();
    for (const call of [client.getEvent({ eventId }), client.getAvailability({ eventId })]) {
      expect(await failureOf(call)).to.deep.include({
        reason: "EVENT_NOT_FOUND",
        metadata: { eventId },
      });
    }
    for (const call of [client.getEvent({ eventId: "1" }), client.getAvailability({})]) {
      expect((await failureOf(call)).metadata).to.include({ field: "event_id" });
    }
  });

  it("cannot be listed with another list's token", async () => {
    const { client } = inventory;
    const scope = "events:startTime:";
    for (const pageToken of [
      "nonsense",
      sealPageToken("events:name:", ["a", 1]),
      sealPageToken(scope, ["a", 1]),
      sealPageToken(scope, [1e300, 1]),
      sealPageToken(scope, [-1e14, 1]),
      sealPageToken(scope, [1, 0.5]),
      sealPageToken(scope, [1, -1]),
    ]) {
      const failure = await failureOf(client.listEvents({ pageToken }));
      expect(failure.reason).to.equal("INVALID_PAGE_TOKEN");
    }
  });
});
