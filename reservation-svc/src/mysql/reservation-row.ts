import { uuidFromBytes } from "@tessera/service-kit/uuid";
import type { RowDataPacket } from "mysql2/promise";
import type { Item, Reservation, ReservationState } from "../domain/reservation.ts";

/** How states are stored. Numbers are never reused. */
export const STATE_CODES = {
  held: 1,
  confirming: 2,
  confirmed: 3,
  cancelled: 4,
  expired: 5,
} as const satisfies Readonly<Record<ReservationState, number>>;

const STATES = new Map<number, ReservationState>(
  Object.entries(STATE_CODES).map(([state, code]) => [code, state as ReservationState]),
);

/** The columns that `toReservation` reads. */
export const RESERVATION_COLUMNS =
  "seq, id, event_id, user_id, state, items, total_minor, currency, body_hash, create_time, " +
  "first_expire_time, expire_time, update_time, confirm_time, payment_reference, extend_count, " +
  "is_reacquired, due_time";

/** A row of `RESERVATION_COLUMNS`. */
export interface ReservationRow extends RowDataPacket {
  seq: number;
  id: Buffer;
  event_id: Buffer;
  user_id: Buffer;
  state: number;
  items: string;
  total_minor: number;
  currency: string;
  body_hash: Buffer;
  create_time: Date;
  first_expire_time: Date;
  expire_time: Date;
  update_time: Date;
  confirm_time: Date | null;
  payment_reference: string | null;
  extend_count: number;
  is_reacquired: number;
  due_time: Date | null;
}

/** A row as the domain knows it. */
export function toReservation(row: ReservationRow): Reservation {
  const state = STATES.get(row.state);
  if (state === undefined) {
    throw new Error(`reservation ${row.seq} has the unknown state ${row.state}`);
  }
  return {
    id: uuidFromBytes(row.id),
    eventId: uuidFromBytes(row.event_id),
    userId: uuidFromBytes(row.user_id),
    state,
    items: parseItems(row.items),
    totalMinor: Number(row.total_minor),
    currency: row.currency,
    createTime: row.create_time,
    firstExpireTime: row.first_expire_time,
    expireTime: row.expire_time,
    updateTime: row.update_time,
    paymentReference: row.payment_reference ?? "",
    extendCount: row.extend_count,
    isReacquired: row.is_reacquired === 1,
  };
}

/** Items as they are stored: `[["<ticket type>", quantity], …]`. */
export function formatItems(items: readonly Item[]): string {
  return JSON.stringify(items.map(({ ticketTypeId, quantity }) => [ticketTypeId, quantity]));
}

function parseItems(text: string): Item[] {
  const pairs: [string, number][] = JSON.parse(text);
  return pairs.map(([ticketTypeId, quantity]) => ({ ticketTypeId, quantity }));
}
