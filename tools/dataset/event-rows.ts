import { encodeAll, pick } from "./encoded.ts";
import { EventShape } from "./event-shape.ts";
import type { LoadTable } from "./load-table.ts";
import { KINDS, mix, writeUuid } from "./mix.ts";
import type { DatasetPlan } from "./plan.ts";
import { ReservationShape } from "./reservation-shape.ts";
import type { RowWriter } from "./row-writer.ts";
import { organisers } from "./user-rows.ts";
import { ACTS, ARTISTS, CITIES, OCCASIONS, PLACES } from "./words.ts";

const HOLD_SECONDS = 600;

/** The events; none has a waiting room. */
export function eventTable(plan: DatasetPlan): LoadTable {
  return {
    schema: "inventory",
    table: "event",
    columns: [
      ...["seq", "id", "organiser_id", "request_hash", "name", "venue", "start_time"],
      ...["sales_open_time", "sales_close_time", "hold_seconds", "max_per_user", "currency"],
      "create_time",
    ],
    derived: {},
    steps: plan.spec.events,
    stepsAtOnce: 50_000,
    isNumbered: true,
    rowsOf: (base) => eventRows(plan, base),
  };
}

function eventRows(plan: DatasetPlan, base: number) {
  const { seed, users } = plan.spec;
  const names = encodeAll(ARTISTS.flatMap((artist) => ACTS.map((act) => `${artist} ${act}`)));
  const occasions = encodeAll(OCCASIONS);
  const venues = encodeAll(PLACES.flatMap((place) => CITIES.map((city) => `${place}, ${city}`)));
  const event = new EventShape(plan);
  const id = Buffer.alloc(16);
  const firstOrganiser = users - organisers(users);
  return (n: number, out: RowWriter) => {
    event.become(n);
    const bits = mix(seed + 32, n);
    out.number(base + 1 + n);
    out.bytes(event.id);
    writeUuid(id, seed, KINDS.user, firstOrganiser + (bits % organisers(users)));
    out.bytes(id);
    writeUuid(id, seed, KINDS.other, n);
    out.bytes(id);
    out.text(Buffer.concat([pick(names, bits), pick(occasions, mix(bits, 1))]));
    out.text(pick(venues, mix(bits, 2)));
    out.time(event.startMs);
    out.time(event.openMs);
    out.time(event.closeMs);
    out.number(HOLD_SECONDS);
    out.number(event.maxPerUser);
    out.text(event.currencyText);
    out.time(event.createMs);
    out.endRow();
  };
}

/** The ticket types with their stock: all of an event's in one step. */
export function stockTable(plan: DatasetPlan): LoadTable {
  return {
    schema: "inventory",
    table: "stock",
    columns: [
      ...["event_id", "position", "id", "name", "price_minor"],
      ...["capacity", "available", "held", "sold"],
    ],
    derived: {},
    steps: plan.spec.events,
    stepsAtOnce: 50_000,
    isNumbered: false,
    rowsOf: () => stockRows(plan),
  };
}

function stockRows(plan: DatasetPlan) {
  const event = new EventShape(plan);
  const reservation = new ReservationShape();
  const held: number[] = [];
  const sold: number[] = [];
  return (n: number, out: RowWriter) => {
    event.become(n);
    held.fill(0);
    sold.fill(0);
    for (let index = 0; index < event.count; index += 1) {
      reservation.becomeUnits(event, index);
      const counter = reservation.isHeld ? held : reservation.isSold ? sold : undefined;
      if (counter !== undefined) {
        counter[reservation.type] = (counter[reservation.type] ?? 0) + reservation.quantity;
      }
    }
    for (let type = 0; type < event.typeCount; type += 1) {
      const taken = (held[type] ?? 0) + (sold[type] ?? 0);
      const capacity = event.capacityOf(type, taken);
      out.bytes(event.id);
      out.number(type);
      out.bytes(event.typeIds[type] ?? event.id);
      out.text(Buffer.from(event.typeNames[type] ?? ""));
      out.number(event.priceOf(type));
      out.number(capacity);
      out.number(capacity - taken);
      out.number(held[type] ?? 0);
      out.number(sold[type] ?? 0);
      out.endRow();
    }
  };
}
