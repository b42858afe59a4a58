import { uuidFromBytes } from "@tessera/service-kit/uuid";
import type { Allocation, AllocationState, Line, SaleRules, StockLine } from "../domain/ledger.ts";

/** Columns of `event` that the ledger reads, by the names that `SaleRules` has for them. */
export const EVENT_COLUMNS = `sales_open_time AS salesOpenTime, sales_close_time AS salesCloseTime,
  hold_seconds AS holdSeconds, max_per_user AS maxPerUser, currency, fence,
  stock_version AS stockVersion`;
/** Columns of `stock` that the ledger reads. */
export const STOCK_COLUMNS = "position, id, price_minor, capacity, available, held, sold";
/** Columns of `allocation` that the ledger reads, by the names that `Allocation` has for them, mostly. */
export const ALLOCATION_COLUMNS = `id, event_id AS eventId, user_id AS userId, state, reacquired,
  content, units, total_minor AS totalMinor, create_time AS createTime,
  first_expire_time AS firstExpireTime, expire_time AS expireTime`;

/** `EVENT_COLUMNS` as mysql2 returns them; BIGINTs are texts. */
export type EventRecord = Omit<SaleRules, "eventId" | "fence" | "stockVersion"> & {
  fence: string;
  stockVersion: string;
};

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
export type AllocationRecord = Pick<
  Allocation,
  "units" | "createTime" | "firstExpireTime" | "expireTime"
> &
  Record<"id" | "eventId" | "userId", Buffer> &
  Record<"state" | "reacquired", number> &
  Record<"content" | "totalMinor", string>;

/** States as `allocation.state` stores them. */
export const STATE_NUMBERS = { HELD: 1, COMMITTED: 2, RELEASED: 3, VOIDED: 4 } as const;

const STATES = new Map<number, AllocationState>(
  Object.entries(STATE_NUMBERS).map(([state, number]) => [number, state as AllocationState]),
);

/** The state that a number stands for. */
export function stateOf(number: number): AllocationState {
  const state = STATES.get(number);
  if (state === undefined) {
    throw new RangeError(`no allocation state has the number ${number}`);
  }
  return state;
}

export function toSaleRules(eventId: string, record: EventRecord): SaleRules {
  const { salesOpenTime, salesCloseTime, holdSeconds, maxPerUser, currency } = record;
  return {
    ...{ eventId, salesOpenTime, salesCloseTime, holdSeconds, maxPerUser, currency },
    fence: BigInt(record.fence),
    stockVersion: BigInt(record.stockVersion),
  };
}

export function toStockLine(record: StockRecord): StockLine {
  const { position, id, price_minor, capacity, available, held, sold } = record;
  const priceMinor = Number(price_minor);
  return { position, ticketTypeId: uuidFromBytes(id), priceMinor, capacity, available, held, sold };
}

export function toAllocation(record: AllocationRecord): Allocation {
  const { units, createTime, firstExpireTime, expireTime } = record;
  return {
    ...{ units, createTime, firstExpireTime, expireTime },
    id: uuidFromBytes(record.id),
    eventId: uuidFromBytes(record.eventId),
    userId: uuidFromBytes(record.userId),
    state: stateOf(record.state),
    lines: parseLines(record.content),
    totalMinor: Number(record.totalMinor),
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
