import { STATE_CODES } from "../../reservation-svc/src/mysql/reservation-row.ts";
import { EventShape } from "./event-shape.ts";
import type { LoadTable } from "./load-table.ts";
import { KINDS, writeUuid } from "./mix.ts";
import type { DatasetPlan } from "./plan.ts";
import { ReservationShape } from "./reservation-shape.ts";
import type { RowWriter } from "./row-writer.ts";

/**
 * The reservations. They have no rows in `outbox` and `request_key`: those are kept for days, and
 * what they were made for is long over.
 */
export function reservationTable(plan: DatasetPlan): LoadTable {
  return {
    ...{ schema: "reservation", table: "reservation", ...stepsOf(plan) },
    columns: [
      ...["seq", "id", "event_id", "user_id", "state", "items", "total_minor", "currency"],
      ...["create_time", "expire_time", "update_time", "payment_reference"],
    ],
    derived: {
      body_hash: "id",
      first_expire_time: "expire_time",
      confirm_time: `IF(state = ${STATE_CODES.confirmed}, update_time, NULL)`,
      due_time: `IF(state = ${STATE_CODES.held}, expire_time, NULL)`,
    },
    lateIndex: { name: "reservation_user", columns: "user_id, seq" },
    rowsOf: (base) => reservationRows(plan, base),
  };
}

/** What inventory-svc knows of the same reservations. */
export function allocationTable(plan: DatasetPlan): LoadTable {
  return {
    ...{ schema: "inventory", table: "allocation", ...stepsOf(plan) },
    columns: [
      ...["seq", "id", "event_id", "user_id", "state", "content", "units", "total_minor"],
      ...["create_time", "expire_time"],
    ],
    derived: { first_expire_time: "expire_time" },
    rowsOf: (base) => allocationRows(plan, base),
  };
}

function stepsOf({ spec }: DatasetPlan) {
  const steps = spec.reservations;
  // A small set comes in several transactions, too.
  return { steps, stepsAtOnce: Math.min(100_000, Math.ceil(steps / 10)), isNumbered: true };
}

/** Writes what both tables begin with; `become` has to come first. */
class Claim {
  readonly plan: DatasetPlan;
  readonly event: EventShape;
  readonly reservation = new ReservationShape();
  readonly #base: number;
  readonly #id = Buffer.alloc(16);

  constructor(plan: DatasetPlan, base: number) {
    this.plan = plan;
    this.event = new EventShape(plan);
    this.#base = base;
  }

  become(n: number): void {
    const { plan, event } = this;
    if (n < event.first || n >= event.first + event.count) {
      event.become(plan.eventOf(n));
    }
    this.reservation.become(event, n - event.first);
  }

  writeIds(n: number, out: RowWriter): void {
    const { seed } = this.plan.spec;
    out.number(this.#base + 1 + n);
    writeUuid(this.#id, seed, KINDS.reservation, n);
    out.bytes(this.#id);
    out.bytes(this.event.id);
    writeUuid(this.#id, seed, KINDS.user, this.reservation.user);
    out.bytes(this.#id);
  }

  get totalMinor(): number {
    const { type, quantity } = this.reservation;
    return quantity * this.event.priceOf(type);
  }
}

function reservationRows(plan: DatasetPlan, base: number) {
  const claim = new Claim(plan, base);
  const { event, reservation } = claim;
  const items = Buffer.from('[["00000000-0000-0000-0000-000000000000",0]]');
  const payment = Buffer.from("card-");
  const reference = Buffer.alloc(payment.length + 9, payment);
  return (n: number, out: RowWriter) => {
    claim.become(n);
    const { state, type, quantity, createMs, expireMs, updateMs } = reservation;
    claim.writeIds(n, out);
    out.number(state);
    items.set(event.typeTexts[type] ?? [], 3);
    items[41] = 0x30 + quantity;
    out.text(items);
    out.number(claim.totalMinor);
    out.text(event.currencyText);
    out.time(createMs);
    out.time(expireMs);
    out.time(updateMs);
    if (state === STATE_CODES.confirmed) {
      writeDigits(reference, payment.length, n);
      out.text(reference);
    } else {
      out.nothing();
    }
    out.endRow();
  };
}

function allocationRows(plan: DatasetPlan, base: number) {
  const claim = new Claim(plan, base);
  const { reservation } = claim;
  const content = Buffer.from("0:0");
  return (n: number, out: RowWriter) => {
    claim.become(n);
    const { allocationState, type, quantity, createMs, expireMs } = reservation;
    claim.writeIds(n, out);
    out.number(allocationState);
    content[0] = 0x30 + type;
    content[2] = 0x30 + quantity;
    out.text(content);
    out.number(quantity);
    out.number(claim.totalMinor);
    out.time(createMs);
    out.time(expireMs);
    out.endRow();
  };
}

function writeDigits(target: Buffer, from: number, value: number): void {
  let rest = value;
  for (let at = target.length - 1; at >= from; at -= 1) {
    target[at] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
