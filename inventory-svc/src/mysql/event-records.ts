import { uuidFromBytes } from "@tessera/service-kit/uuid";
import type { Event, EventTerms, WaitingRoom } from "../domain/event.ts";
import { BOUNDED_SELECT } from "./bounded-select.ts";
import type { StockRecord } from "./ledger-rows.ts";
import { sqlIn } from "./sql-in.ts";

/** Columns of `event` by the names that `Event` has for them, or for what they are made into. */
export const EVENT_FIELDS = `id, organiser_id AS organiserId, name, venue, start_time AS startTime,
  sales_open_time AS salesOpenTime, sales_close_time AS salesCloseTime,
  hold_seconds AS holdSeconds, max_per_user AS maxPerUser, currency,
  admit_per_minute AS admitPerMinute, max_active AS maxActive, pass_seconds AS passSeconds,
  is_open_on_store_loss AS isOpenOnStoreLoss, create_time AS createTime`;

/** `EVENT_FIELDS` as mysql2 returns them. */
export type EventRecord = Omit<Event, "id" | "organiserId" | "waitingRoom" | "ticketTypes"> & {
  id: Buffer;
  organiserId: Buffer;
  /** Null, as the three that follow, without a waiting room. */
  admitPerMinute: number | null;
  maxActive: number | null;
  passSeconds: number | null;
  isOpenOnStoreLoss: number | null;
};

/** What `typeQuery` finds, as mysql2 returns it. */
export type TypeRecord = Pick<StockRecord, "id" | "price_minor" | "capacity"> & {
  event_id: Buffer;
  name: string;
};

/** The statement that finds the ticket types of events, each event's in its order. */
export function typeQuery(eventIds: readonly string[]): string {
  return `${BOUNDED_SELECT} event_id, id, name, price_minor, capacity FROM stock
    WHERE ${sqlIn("event_id", eventIds)} ORDER BY event_id, position`;
}

/** Makes events of their records, given those of all their ticket types. */
export function eventReader(types: readonly TypeRecord[]): (record: EventRecord) => Event {
  const typesById = Map.groupBy(types, ({ event_id }) => uuidFromBytes(event_id));
  return (record) => {
    const id = uuidFromBytes(record.id);
    const { currency, createTime } = record;
    return {
      ...{ id, organiserId: uuidFromBytes(record.organiserId), currency, createTime },
      ...toTerms(record),
      ticketTypes: (typesById.get(id) ?? []).map((type) => ({
        id: uuidFromBytes(type.id),
        name: type.name,
        priceMinor: Number(type.price_minor),
        capacity: type.capacity,
      })),
    };
  };
}

/** What of an event may be changed. */
export function toTerms(record: EventRecord): EventTerms {
  const { name, venue, startTime, salesOpenTime, salesCloseTime, holdSeconds, maxPerUser } = record;
  return {
    ...{ name, venue, startTime, salesOpenTime, salesCloseTime, holdSeconds, maxPerUser },
    waitingRoom: waitingRoomOf(record),
  };
}

function waitingRoomOf(record: EventRecord): WaitingRoom | undefined {
  const { admitPerMinute, maxActive, passSeconds, isOpenOnStoreLoss } = record;
  if (admitPerMinute === null || maxActive === null || passSeconds === null) {
    return undefined;
  }
  const onStoreLoss = isOpenOnStoreLoss === 1 ? "open" : "closed";
  return { admitPerMinute, maxActive, passSeconds, onStoreLoss };
}
