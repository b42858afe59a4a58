import { uuidLiteral } from "@tessera/service-kit/sql-literal";
import { uuidToBytes } from "@tessera/service-kit/uuid";
import { statementsOf } from "@tessera/testkit/query-plans";
import { expect } from "chai";
import { createConnection } from "mysql2/promise";
import {
  type CreatedEvent,
  createEvent,
  failureOf,
  stockOf,
  useInventory,
} from "./use-inventory.ts";

describe("an event whose row somebody keeps locked", () => {
  const inventory = useInventory();

  /** Takes one unit; calls of the same moment share a transaction. */
  const sell = ({ eventId, wish }: CreatedEvent) =>
    inventory.client.batchAllocate({ eventId, entries: [wish([0, 1])] }, { timeoutMs: 30_000 });

  it("fails alone, from the second time on without holding its neighbours up", async function () {
    this.timeout(30_000);
    const { client, schema } = inventory;
    const events = await Promise.all(Array.from({ length: 6 }, () => createEvent(client, [10])));
    const [stuck, ...others] = events as [CreatedEvent, ...CreatedEvent[]];
    const frozen = await createConnection({ uri: schema.url });
    try {
      await frozen.query("START TRANSACTION");
      const id = uuidToBytes(stuck.eventId);
      await frozen.query("SELECT id FROM event WHERE id = ? FOR UPDATE", [id]);

      const refused = failureOf(sell(stuck));
      await Promise.all(others.map(sell));
      expect(await refused).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });

      let again: Promise<unknown> | undefined;
      const sent = await statementsOf(schema, async () => {
        again = failureOf(sell(stuck));
        await Promise.all(others.map(sell));
      });
      const names = (sql: string, { eventId }: CreatedEvent) => sql.includes(uuidLiteral(eventId));
      const shared = sent.filter(
        (sql) => names(sql, stuck) && others.some((one) => names(sql, one)),
      );
      expect(shared, "its neighbours waited with it").to.deep.equal([]);
      expect(sent.some((sql) => names(sql, stuck))).to.equal(true);
      expect(await again).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
      for (const { eventId } of others) {
        expect(await stockOf(client, eventId)).to.deep.equal([[8, 2, 0]]);
      }
      await frozen.query("ROLLBACK");
    } finally {
      frozen.destroy();
    }
    await Promise.all(events.map(sell));
    expect(await stockOf(client, stuck.eventId)).to.deep.equal([[9, 1, 0]]);
  });
});
