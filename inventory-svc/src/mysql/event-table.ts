import { uuidFromBytes, uuidToBytes } from "@tessera/service-kit/uuid";
import { EntitySchema } from "typeorm";

/** An event's row, without what the ledger keeps in it: `fence` and `stock_version`. */
export interface EventRow {
  seq: number;
  id: string;
  organiserId: string;
  requestHash: string;
  name: string;
  venue: string;
  startTime: Date;
  salesOpenTime: Date;
  salesCloseTime: Date;
  holdSeconds: number;
  maxPerUser: number;
  currency: string;
  admitPerMinute: number | null;
  maxActive: number | null;
  passSeconds: number | null;
  isOpenOnStoreLoss: number | null;
  createTime: Date;
}

const uuid = { to: uuidToBytes, from: uuidFromBytes };
const bigint = { to: (value: number) => value, from: Number };
const time = { type: "datetime", precision: 3 } as const;

/** The table of events. */
export const EventTable = new EntitySchema<EventRow>({
  name: "event",
  columns: {
    seq: { type: "bigint", unsigned: true, primary: true, generated: true, transformer: bigint },
    id: { type: "binary", length: 16, transformer: uuid },
    organiserId: { name: "organiser_id", type: "binary", length: 16, transformer: uuid },
    requestHash: { name: "request_hash", type: "binary", length: 16, transformer: uuid },
    name: { type: "varchar", length: 200 },
    venue: { type: "varchar", length: 200 },
    startTime: { name: "start_time", ...time },
    salesOpenTime: { name: "sales_open_time", ...time },
    salesCloseTime: { name: "sales_close_time", ...time },
    holdSeconds: { name: "hold_seconds", type: "int" },
    maxPerUser: { name: "max_per_user", type: "int" },
    currency: { type: "char", length: 3 },
    admitPerMinute: { name: "admit_per_minute", type: "int", nullable: true },
    maxActive: { name: "max_active", type: "int", nullable: true },
    passSeconds: { name: "pass_seconds", type: "int", nullable: true },
    isOpenOnStoreLoss: { name: "is_open_on_store_loss", type: "tinyint", nullable: true },
    createTime: { name: "create_time", ...time },
  },
});

/** A ticket type's row with its stock. */
export interface StockRow {
  eventId: string;
  position: number;
  id: string;
  name: string;
  priceMinor: number;
  capacity: number;
  available: number;
  held: number;
  sold: number;
}

/** The table of ticket types and their stock. */
export const StockTable = new EntitySchema<StockRow>({
  name: "stock",
  columns: {
    eventId: { name: "event_id", type: "binary", length: 16, primary: true, transformer: uuid },
    position: { type: "int", primary: true },
    id: { type: "binary", length: 16, transformer: uuid },
    name: { type: "varchar", length: 100 },
    priceMinor: { name: "price_minor", type: "bigint", transformer: bigint },
    capacity: { type: "int" },
    available: { type: "int" },
    held: { type: "int" },
    sold: { type: "int" },
  },
});
