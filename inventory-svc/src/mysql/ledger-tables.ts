import { EntitySchema } from "typeorm";

/** Events. Rows are read and written by plain SQL; this is what the tables look like. */
export const EventTable = new EntitySchema({
  name: "event",
  tableName: "event",
  columns: {
    // Random ids would scatter inserts over the clustered index: rows are kept in arrival order.
    seq: { type: "bigint", unsigned: true, primary: true, generated: "increment" },
    id: { type: "binary", length: 16 },
    organiser_id: { type: "binary", length: 16 },
    request_hash: { type: "binary", length: 16 },
    name: { type: "varchar", length: 200 },
    venue: { type: "varchar", length: 200 },
    start_time: { type: "datetime", precision: 3 },
    sales_open_time: { type: "datetime", precision: 3 },
    sales_close_time: { type: "datetime", precision: 3 },
    hold_seconds: { type: "int" },
    max_per_user: { type: "int" },
    currency: { type: "char", length: 3 },
    // The waiting room; all four are null without one.
    admit_per_minute: { type: "int", nullable: true },
    max_active: { type: "int", nullable: true },
    pass_seconds: { type: "int", nullable: true },
    is_open_on_store_loss: { type: "tinyint", nullable: true },
    // The highest fencing token that wrote, and how often the stock changed.
    fence: { type: "bigint", default: 0 },
    stock_version: { type: "bigint", default: 0 },
    create_time: { type: "datetime", precision: 3 },
  },
  uniques: [{ name: "event_id", columns: ["id"] }],
  indices: [
    { name: "event_start", columns: ["start_time", "seq"] },
    { name: "event_name", columns: ["name", "seq"] },
    { name: "event_created", columns: ["create_time", "seq"] },
  ],
});

/** Ticket types and their stock; an event's rows lie together, in its order. */
export const StockTable = new EntitySchema({
  name: "stock",
  tableName: "stock",
  columns: {
    event_id: { type: "binary", length: 16, primary: true },
    position: { type: "int", primary: true },
    id: { type: "binary", length: 16 },
    name: { type: "varchar", length: 100 },
    price_minor: { type: "bigint" },
    capacity: { type: "int" },
    available: { type: "int" },
    held: { type: "int", default: 0 },
    sold: { type: "int", default: 0 },
  },
  uniques: [{ name: "stock_id", columns: ["id"] }],
});

/** Allocations: what was taken from the stock, by whom. */
export const AllocationTable = new EntitySchema({
  name: "allocation",
  tableName: "allocation",
  columns: {
    seq: { type: "bigint", unsigned: true, primary: true, generated: "increment" },
    id: { type: "binary", length: 16 },
    event_id: { type: "binary", length: 16 },
    user_id: { type: "binary", length: 16 },
    // See ledger-rows.ts.
    state: { type: "tinyint" },
    reacquired: { type: "tinyint", default: 0 },
    // position:quantity, comma-separated, by position.
    content: { type: "varchar", length: 400 },
    units: { type: "int" },
    total_minor: { type: "bigint" },
    create_time: { type: "datetime", precision: 3 },
    first_expire_time: { type: "datetime", precision: 3 },
    expire_time: { type: "datetime", precision: 3 },
  },
  uniques: [{ name: "allocation_id", columns: ["id"] }],
  indices: [
    { name: "allocation_user", columns: ["event_id", "user_id", "state", "units"] },
    { name: "allocation_lapse", columns: ["state", "expire_time"] },
  ],
});

/** Changes of capacities: what was asked for, and what was answered. */
export const CapacityChangeTable = new EntitySchema({
  name: "capacity_change",
  tableName: "capacity_change",
  columns: {
    seq: { type: "bigint", unsigned: true, primary: true, generated: "increment" },
    id: { type: "binary", length: 16 },
    event_id: { type: "binary", length: 16 },
    position: { type: "int" },
    capacity_before: { type: "int" },
    capacity: { type: "int" },
    available: { type: "int" },
    held: { type: "int" },
    sold: { type: "int" },
    create_time: { type: "datetime", precision: 3 },
  },
  uniques: [{ name: "capacity_change_id", columns: ["id"] }],
  indices: [{ name: "capacity_change_type", columns: ["event_id", "position", "seq"] }],
});

/** Changes of events: what was changed, and what was answered. */
export const EventChangeTable = new EntitySchema({
  name: "event_change",
  tableName: "event_change",
  columns: {
    seq: { type: "bigint", unsigned: true, primary: true, generated: "increment" },
    id: { type: "binary", length: 16 },
    event_id: { type: "binary", length: 16 },
    request_hash: { type: "binary", length: 16 },
    // JSON, both: what changed, by its name, and all of it afterwards.
    fields: { type: "text" },
    answer: { type: "text" },
    create_time: { type: "datetime", precision: 3 },
  },
  uniques: [{ name: "event_change_id", columns: ["id"] }],
  indices: [{ name: "event_change_event", columns: ["event_id", "seq"] }],
});
