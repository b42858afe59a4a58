import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { uuidToBytes } from "@tessera/service-kit/uuid";
import type { RowDataPacket } from "mysql2/promise";
import { createEvent, type InventoryClient, type TestInventory, words } from "./use-inventory.ts";

/** The waiting room of an owned event. */
export const ROOM = { admitPerMinute: 60, maxActive: 10, passSeconds: 300 };
export const HOUR_MS = 3_600_000;

/** What UpdateEvent is asked. */
export type Wish = Parameters<InventoryClient["updateEvent"]>[0];

/** Events of organisers who are known, and what was changed of them. */
export function ownedEvents(inventory: TestInventory) {
  return {
    /** A new one, on sale for three hours, and a way to change it. */
    async owned(more: Parameters<typeof createEvent>[2] = {}, capacities = [10]) {
      const { client } = inventory;
      const organiserId = randomUUID();
      const salesCloseTime = timestampFromMs(Date.now() + 3 * HOUR_MS);
      const created = await createEvent(client, capacities, {
        ...{ organiserId, salesCloseTime, waitingRoom: ROOM },
        ...more,
      });
      const { eventId: id } = created;
      const request = (paths: string[], event: Wish["event"], requestId: string = randomUUID()) => {
        return { requestId, organiserId, event: { ...event, id }, updateMask: { paths } };
      };
      const change = (...wish: Parameters<typeof request>) => client.updateEvent(request(...wish));
      const take = async (...some: ReturnType<typeof created.wish>[]) =>
        words((await client.batchAllocate({ eventId: id, entries: some })).results);
      const get = async () => (await client.getEvent({ eventId: id })).event;
      return { ...created, organiserId, request, change, take, get };
    },
    /** What each change was about, in order. */
    async rowsOf(eventId: string): Promise<Record<string, unknown>[]> {
      const [rows] = await inventory.schema.pool.query<RowDataPacket[]>(
        "SELECT fields FROM event_change WHERE event_id = ? ORDER BY seq",
        [uuidToBytes(eventId)],
      );
      return rows.map(({ fields }) => JSON.parse(fields));
    },
  };
}
