import { uuidLiteral } from "@tessera/service-kit/sql-literal";
import { administer } from "@tessera/testkit/administer";
import { violationsOf } from "@tessera/testkit/invariants";
import { expect } from "chai";
import { changeCapacity, createEvent, newBuyer, type SaleEvent } from "./market.ts";
import { expectExact } from "./settled.ts";
import { useSharedSystem } from "./shared-system.ts";

// The other tests trust this check: it must see what must never be.
describe("the check of the invariants", () => {
  const system = useSharedSystem();
  const spoiled: string[] = [];
  // The services' own audit would see them, too.
  afterEach(async () => {
    for (const id of spoiled.splice(0).map(uuidLiteral)) {
      await spoil("reservation", `DELETE FROM reservation WHERE event_id = ${id}`);
      await spoil("inventory", `DELETE FROM allocation WHERE event_id = ${id}`);
      await spoil("inventory", `DELETE FROM capacity_change WHERE event_id = ${id}`);
      await spoil("inventory", `DELETE FROM stock WHERE event_id = ${id}`);
      await spoil("inventory", `DELETE FROM event WHERE id = ${id}`);
    }
  });

  /** An event whose only unit is held, and whose schemas are sound. */
  async function soldOutEvent(): Promise<SaleEvent> {
    const event = await createEvent(system.bffUrl(), [1]);
    const buyer = await newBuyer(system.bffUrl());
    expect((await buyer.reserve(event)).status).to.equal(201);
    await expectExact(system, event);
    spoiled.push(event.id);
    return event;
  }

  async function spoil(schema: "inventory" | "reservation", sql: string): Promise<void> {
    await administer(system.mysqlUrls[schema], sql);
  }

  async function found({ id }: SaleEvent, isSettled = true): Promise<string> {
    return (await violationsOf(system.mysqlUrls, { eventId: id, isSettled })).join("\n");
  }

  it("sees an oversell", async () => {
    const event = await soldOutEvent();
    await spoil(
      "inventory",
      `INSERT INTO allocation (id, event_id, user_id, state, content, units, total_minor,
         create_time, first_expire_time, expire_time)
       SELECT UNHEX(REPLACE(UUID(), '-', '')), event_id, user_id, state, content, units,
         total_minor, create_time, first_expire_time, expire_time
       FROM allocation WHERE event_id = ${uuidLiteral(event.id)}`,
    );
    expect(await found(event, false)).to.contain("OVERSOLD: 2 of 1");
    expect(await found(event)).to.contain("has no reservation");
  });

  it("sees units that nobody has, and a reservation without any", async () => {
    const event = await soldOutEvent();
    await spoil("inventory", `DELETE FROM allocation WHERE event_id = ${uuidLiteral(event.id)}`);
    expect(await found(event, false)).to.contain("but allocations 0 held, 0 sold");
    expect(await found(event)).to.contain("is held, its allocation missing");
  });

  it("sees a capacity that nobody asked for, and a change that was lost", async () => {
    const event = await soldOutEvent();
    for (const capacity of [5, 3, 4]) {
      expect((await changeCapacity(system.bffUrl(), event, capacity)).status).to.equal(200);
    }
    expect(await found(event)).to.equal("");
    const ofEvent = `WHERE event_id = ${uuidLiteral(event.id)}`;
    await spoil("inventory", `UPDATE stock SET capacity = 9, available = 8 ${ofEvent}`);
    await spoil("inventory", `DELETE FROM capacity_change ${ofEvent} AND capacity = 3`);
    const all = await found(event);
    expect(all).to.contain("was changed from 3, but had 5");
    expect(all).to.contain("has 9, but was changed to 4 last");
  });

  it("sees a buyer who has more than is allowed", async () => {
    const event = await soldOutEvent();
    await spoil(
      "inventory",
      `UPDATE event SET max_per_user = 0 WHERE id = ${uuidLiteral(event.id)}`,
    );
    expect(await found(event, false)).to.contain("has 1 units of event");
  });

  it("sees a state that the ledger does not share, and that nobody was told of", async () => {
    const event = await soldOutEvent();
    await spoil(
      "reservation",
      `UPDATE reservation SET state = 3, due_time = NULL WHERE event_id = ${uuidLiteral(event.id)}`,
    );
    const all = await found(event);
    expect(all).to.contain("is confirmed, its allocation held");
    expect(all).to.contain("is confirmed, but held was published last");
  });
});
