import { uuidFromBytes } from "@tessera/service-kit/uuid";
import type { Allocation, AllocationState, Line, SaleRules, StockLine } from "../domain/ledger.ts";

/** Columns of `event` that the ledger reads. */
export const EVENT_COLUMNS =
  "sales_open_time, sales_close_time, hold_seconds, max_per_user, currency, fence, stock_version";
/** Columns of `stock` that the ledger reads. */
export const STOCK_COLUMNS = "position, id, price_minor, capacity, available, held, sold";
/** Columns of `allocation` that the ledger reads. */
export const ALLOCATION_COLUMNS =
  "id, event_id, user_id, state, reacquired, content, units, total_minor, create_time, first_expire_time, expire_time";

/** `EVENT_COLUMNS` as mysql2 returns them; BIGINTs are texts. */
export interface EventRecord {
  sales_open_time: Date;
  sales_close_time: Date;
  hold_seconds: number;
  max_per_user: number;
  currency: string;
  fence: string;
  stock_version: string;
}

/** `STOCK_COLUMNS` as mysql2 returns them. */
export interface StockRecord {
  position: number;
  id: Buffer;
  price_minor: string;
  capacity: number;
  available: number;
  held: number;
  sold: number;
}

/** `ALLOCATION_COLUMNS` as mysql2 returns them. */
export interface AllocationRecord {
  id: Buffer;
  event_id: Buffer;
  user_id: Buffer;
  state: number;
  reacquired: number;
  content: string;
  units: number;
  total_minor: string;
  create_time: Date;
  first_expire_time: Date;
  expire_time: Date;
}

/** States as `allocation.state` stores them. */
export const STATE_NUMBERS = { HELD: 1, COMMITTED: 2, RELEASED: 3, VOIDED: 4 } as const;

/** The state that a number stands for. */
export function stateOf(number: number): AllocationState {
  switch (number) {
    case STATE_NUMBERS.HELD:
      return "HELD";
    case STATE_NUMBERS.COMMITTED:
      return "COMMITTED";
    case STATE_NUMBERS.RELEASED:
      return "RELEASED";
    case STATE_NUMBERS.VOIDED:
      return "VOIDED";
    default:
      throw new RangeError(`no allocation state has the number ${number}`);
  }
}

export function toSaleRules(eventId: string, record: EventRecord): SaleRules {
  return {
    eventId,
    salesOpenTime: record.sales_open_time,
    salesCloseTime: record.sales_close_time,
    holdSeconds: record.hold_seconds,
    maxPerUser: record.max_per_user,
    currency: record.currency,
    fence: BigInt(record.fence),
    stockVersion: BigInt(record.stock_version),
  };
}

export function toStockLine(record: StockRecord): StockLine {
  const { position, id, price_minor, capacity, available, held, sold } = record;
  const priceMinor = Number(price_minor);
  return { position, ticketTypeId: uuidFromBytes(id), priceMinor, capacity, available, held, sold };
}

export function toAllocation(record: AllocationRecord): Allocation {
  return {
    id: uuidFromBytes(record.id),
    eventId: uuidFromBytes(record.event_id),
    userId: uuidFromBytes(record.user_id),
    state: stateOf(record.state),
    lines: parseLines(record.content),
    units: record.units,
    totalMinor: Number(record.total_minor),
    createTime: record.create_time,
    firstExpireTime: record.first_expire_time,
    expireTime: record.expire_time,
    reacquired: record.reacquired === 1,
  };
}

/** Lines as `allocation.content` stores them: `0:2,3:1`. */
export function formatLines(lines: readonly Line[]): string {
  return lines.map(({ position, quantity }) => `${position}:${quantity}`).join(",");
}

function parseLines(content: string): Line[] {
  return content.split(",").map((part) => {
    const [position, quantity] = part.split(":");
    return { position: Number(position), quantity: Number(quantity) };
  });
}
