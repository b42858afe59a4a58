import { textLiteral, timeLiteral, uuidLiteral } from "@tessera/service-kit/sql-literal";
import { uuidFromBytes, uuidToBytes } from "@tessera/service-kit/uuid";
import { format } from "mysql2";
import type { EventTerms } from "../domain/event.ts";
import type { EventChange } from "../domain/ledger.ts";
import { EVENT_FIELDS } from "./event-records.ts";
import { termColumns } from "./event-rows.ts";
import { sqlIn } from "./sql-in.ts";

/** A row of `event_change` as mysql2 returns it. */
export interface EventChangeRecord {
  id: Buffer;
  event_id: Buffer;
  request_hash: Buffer;
  /** JSON, as `EventChange.fields`. */
  fields: string;
  /** JSON, with the terms and the capacities. */
  answer: string;
}

const COLUMNS = "id, event_id, request_hash, fields, answer";

/** The statement that finds changes by their ids; none for none. */
export function selectEventChanges(ids: readonly string[]): string | undefined {
  return ids.length === 0
    ? undefined
    : `SELECT ${COLUMNS} FROM event_change WHERE ${sqlIn("id", ids)}`;
}

/** The statement that reads what is to be changed; none for none. */
export function selectTerms(eventIds: readonly string[], lock: string): string | undefined {
  return eventIds.length === 0
    ? undefined
    : `SELECT ${EVENT_FIELDS} FROM event FORCE INDEX (event_id)
       WHERE ${sqlIn("id", eventIds)} ORDER BY id ${lock}`;
}

/** The statements that make a change and keep it; each matches one row. */
export function eventChangeStatements(change: EventChange, now: Date): string[] {
  const { id, eventId, requestHash, fields, terms, capacities } = change;
  const update = format(
    "UPDATE event FORCE INDEX (event_id) SET ? WHERE id = ?",
    [termColumns(terms), uuidToBytes(eventId)],
    false,
    "Z",
  );
  const ids = [id, eventId, requestHash].map(uuidLiteral).join(", ");
  const texts = [fields, { terms, capacities }].map((one) => textLiteral(JSON.stringify(one)));
  const insert = `INSERT INTO event_change (${COLUMNS}, create_time)
    VALUES (${ids}, ${texts.join(", ")}, ${timeLiteral(now)})`;
  return [update, insert];
}

export function toEventChange(record: EventChangeRecord): EventChange {
  const { terms, capacities } = JSON.parse(record.answer) as Pick<
    EventChange,
    "terms" | "capacities"
  >;
  return {
    id: uuidFromBytes(record.id),
    eventId: uuidFromBytes(record.event_id),
    requestHash: uuidFromBytes(record.request_hash),
    fields: JSON.parse(record.fields) as EventChange["fields"],
    terms: withTimes(terms),
    capacities,
  };
}

/** JSON has no times. */
function withTimes(terms: EventTerms): EventTerms {
  const { startTime, salesOpenTime, salesCloseTime } = terms;
  return {
    ...terms,
    startTime: new Date(startTime),
    salesOpenTime: new Date(salesOpenTime),
    salesCloseTime: new Date(salesCloseTime),
  };
}
