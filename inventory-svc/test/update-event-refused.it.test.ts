import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { failureOf } from "@tessera/testkit/call-failure";
import { expect } from "chai";
import { HOUR_MS, ownedEvents, ROOM, type Wish } from "./owned-event.ts";
import { createEvent, useInventory } from "./use-inventory.ts";

describe("UpdateEvent, refused", () => {
  const inventory = useInventory();
  const { owned, rowsOf } = ownedEvents(inventory);

  it("knows a request id again, whatever it is used for", async () => {
    const { client } = inventory;
    const { organiserId, request, change } = await owned();
    const requestId = randomUUID();
    await change(["name"], { name: "First" }, requestId);
    const same = await createEvent(client, [5], { organiserId });
    const reuses = [
      request(["name"], { name: "Second" }, requestId),
      request(["name", "venue"], { name: "First", venue: "Hall" }, requestId),
      {
        ...request(["name"], { name: "First" }, requestId),
        event: { id: same.eventId, name: "First" },
      },
    ];
    for (const reuse of reuses) {
      const failure = await failureOf(client.updateEvent(reuse));
      expect(failure).to.deep.include({
        reason: "IDEMPOTENCY_KEY_REUSED",
        metadata: { requestId },
      });
    }
    // Another organiser's request ids are another's.
    const other = await owned();
    expect((await other.change(["name"], { name: "First" }, requestId)).replayed).to.equal(false);
  });

  it("remembers no refusal", async () => {
    const { eventId, change } = await owned();
    const requestId = randomUUID();
    const failure = await failureOf(
      change(
        ["sales_open_time"],
        { salesOpenTime: timestampFromMs(Date.now() + 9 * HOUR_MS) },
        requestId,
      ),
    );
    expect(failure.metadata).to.include({ field: "event.sales_open_time" });
    expect(await rowsOf(eventId)).to.deep.equal([]);
    expect((await change(["name"], { name: "Other" }, requestId)).replayed).to.equal(false);
  });

  it("is the organiser's alone", async () => {
    const { client } = inventory;
    const { eventId, request, get } = await owned();
    const before = await get();
    const wish = request(["name"], { name: "Mine" });
    for (const stranger of [
      { ...wish, organiserId: randomUUID() },
      { ...wish, event: { ...wish.event, id: randomUUID() } },
    ]) {
      expect((await failureOf(client.updateEvent(stranger))).reason).to.equal("EVENT_NOT_FOUND");
    }
    expect(await get()).to.deep.equal(before);
    expect(await rowsOf(eventId)).to.deep.equal([]);
  });

  it("says which field is bad", async () => {
    const { client } = inventory;
    const { request } = await owned();
    const plain = await owned({ waitingRoom: undefined });
    const good = request(["name"], { name: "Other" });
    const room = (waitingRoom: object, ...names: string[]) =>
      request(
        names.map((name) => `waiting_room.${name}`),
        { waitingRoom },
      );
    const cases: [string, Wish][] = [
      ["request_id", { ...good, requestId: "" }],
      ["organiser_id", { ...good, organiserId: "me" }],
      ["event", { requestId: "r", organiserId: good.organiserId, updateMask: good.updateMask }],
      ["event.id", { ...good, event: { name: "Other" } }],
      ["update_mask", { ...good, updateMask: undefined }],
      ["update_mask", request([], {})],
      ["update_mask", request(["name", "ticket_types"], { name: "Other" })],
      ["update_mask", request(["organiser_id"], { organiserId: randomUUID() })],
      ["update_mask", request(["waiting_room"], { waitingRoom: ROOM })],
      ["update_mask", request(["*"], {})],
      ["event.name", request(["name"], {})],
      ["event.venue", request(["venue"], { venue: "\u200b" })],
      ["event.start_time", request(["start_time"], {})],
      [
        "event.sales_open_time",
        request(["sales_open_time"], { salesOpenTime: timestampFromMs(-1) }),
      ],
      [
        "event.sales_close_time",
        request(["sales_close_time"], { salesCloseTime: timestampFromMs(1) }),
      ],
      ["event.hold_seconds", request(["hold_seconds"], {})],
      ["event.max_per_user", request(["max_per_user"], { maxPerUser: 1_001 })],
      ["event.waiting_room.max_active", room({}, "max_active")],
      ["event.waiting_room.admit_per_minute", room({ admitPerMinute: -1 }, "admit_per_minute")],
      ["event.waiting_room.pass_seconds", room({ passSeconds: 9 }, "pass_seconds")],
      ["event.waiting_room.on_store_loss", room({}, "on_store_loss")],
      ["event.waiting_room.on_store_loss", room({ onStoreLoss: 9 }, "on_store_loss")],
      ["event.waiting_room", plain.request(["waiting_room.max_active"], { waitingRoom: ROOM })],
    ];
    for (const [field, wish] of cases) {
      expect(await failureOf(client.updateEvent(wish)), field).to.nested.include({
        reason: "INVALID_FIELD",
        "metadata.field": field,
      });
    }
  });
});
