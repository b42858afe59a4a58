import { EntitySchema } from "typeorm";

/** Reservations. Rows are read and written by plain SQL; this is what the table looks like. */
export const ReservationTable = new EntitySchema({
  name: "reservation",
  tableName: "reservation",
  columns: {
    // Random ids would scatter inserts over the clustered index: rows are kept in arrival order.
    seq: { type: "bigint", unsigned: true, primary: true, generated: "increment" },
    id: { type: "binary", length: 16 },
    event_id: { type: "binary", length: 16 },
    user_id: { type: "binary", length: 16 },
    // See reservation-row.ts.
    state: { type: "tinyint", unsigned: true },
    items: { type: "text" },
    total_minor: { type: "bigint", unsigned: true },
    currency: { type: "char", length: 3 },
    body_hash: { type: "binary", length: 16 },
    create_time: { type: "datetime", precision: 3 },
    first_expire_time: { type: "datetime", precision: 3 },
    expire_time: { type: "datetime", precision: 3 },
    update_time: { type: "datetime", precision: 3 },
    confirm_time: { type: "datetime", precision: 3, nullable: true },
    payment_reference: { type: "varchar", length: 255, nullable: true },
    extend_count: { type: "tinyint", unsigned: true, default: 0 },
    is_reacquired: { type: "tinyint", unsigned: true, default: 0 },
    // When a sweeper has to look at the row; null when there is nothing left to do.
    due_time: { type: "datetime", precision: 3, nullable: true },
  },
  uniques: [{ name: "reservation_id", columns: ["id"] }],
  indices: [
    { name: "reservation_user", columns: ["user_id", "seq"] },
    { name: "reservation_due", columns: ["due_time"] },
  ],
});

/** Requests that changed a reservation: the same request again is recognised by its key. */
export const RequestKeyTable = new EntitySchema({
  name: "request_key",
  tableName: "request_key",
  columns: {
    // Made of user, operation and request id.
    key_id: { type: "binary", length: 16, primary: true },
    reservation_id: { type: "binary", length: 16 },
    body_hash: { type: "binary", length: 16 },
    // The answer, where the reservation alone does not tell it.
    answer: { type: "text", nullable: true },
    create_time: { type: "datetime", precision: 3 },
  },
  indices: [{ name: "request_key_age", columns: ["create_time"] }],
});

/** Moves, in the order in which they are published. */
export const OutboxTable = new EntitySchema({
  name: "outbox",
  tableName: "outbox",
  columns: {
    seq: { type: "bigint", unsigned: true, primary: true, generated: "increment" },
    reservation_id: { type: "binary", length: 16 },
    payload: { type: "text" },
    create_time: { type: "datetime", precision: 3 },
  },
});

/** How far the outbox is published; its one row is the relay's lock, too. */
export const OutboxCursorTable = new EntitySchema({
  name: "outbox_cursor",
  tableName: "outbox_cursor",
  columns: {
    id: { type: "tinyint", unsigned: true, primary: true },
    seq: { type: "bigint", unsigned: true },
  },
});

/** What each waiting room's draw is made with. */
export const DrawSeedTable = new EntitySchema({
  name: "draw_seed",
  tableName: "draw_seed",
  columns: {
    event_id: { type: "binary", length: 16, primary: true },
    seed: { type: "binary", length: 32 },
    create_time: { type: "datetime", precision: 3 },
  },
});

/** What was published of them. */
export const ToldSeedTable = new EntitySchema({
  name: "told_seed",
  tableName: "told_seed",
  columns: {
    event_id: { type: "binary", length: 16, primary: true },
    seed: { type: "binary", length: 32, primary: true },
    create_time: { type: "datetime", precision: 3 },
  },
});
