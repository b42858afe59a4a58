import { uuidFromBytes, uuidToBytes } from "@tessera/service-kit/uuid";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { Findings } from "./findings.ts";
import { rowsOf } from "./reader.ts";
import { ALLOCATION, nameOf, RESERVATION } from "./states.ts";

/** The state of an allocation that goes with each state of its reservation. */
const COUNTERPARTS: Readonly<Record<number, readonly number[]>> = {
  [RESERVATION.held]: [ALLOCATION.held],
  [RESERVATION.confirming]: [
    ALLOCATION.held,
    ALLOCATION.committed,
    ALLOCATION.released,
    ALLOCATION.voided,
  ],
  [RESERVATION.confirmed]: [ALLOCATION.committed],
  [RESERVATION.cancelled]: [ALLOCATION.voided],
  [RESERVATION.expired]: [ALLOCATION.released, ALLOCATION.voided],
};

/** Reservations are numbered in the order of their creation; so many numbers are one look. */
const SLICE_NUMBERS = 200_000;

/** What one service believes of all reservations and the other does not. */
export async function disagreements(
  inventory: Connection,
  reservation: Connection,
  sliceRows: number,
): Promise<string[]> {
  const findings = new Findings();
  const page = (connection: Connection, table: string, after: Buffer) =>
    rowsOf(
      connection,
      `SELECT id, state FROM ${table} FORCE INDEX (${table}_id) WHERE id > ?
       ORDER BY id LIMIT ${sliceRows}`,
      [after],
    );
  let after: Buffer | undefined = Buffer.alloc(0);
  while (after !== undefined) {
    const [allocated, reserved]: [RowDataPacket[], RowDataPacket[]] = await Promise.all([
      page(inventory, "allocation", after),
      page(reservation, "reservation", after),
    ]);
    // Beyond the end of the page that ends first, only one side is known yet.
    const ends = [allocated, reserved].flatMap((rows): Buffer[] =>
      rows.length === sliceRows ? [rows.at(-1)?.id] : [],
    );
    const upTo: Buffer | undefined = ends.sort(Buffer.compare)[0];
    const isKnown = ({ id }: RowDataPacket) => upTo === undefined || upTo.compare(id) >= 0;
    compare(allocated.filter(isKnown), reserved.filter(isKnown), findings);
    after = upTo;
  }
  return findings.list();
}

/**
 * The same of one event, of its reservations above the number `afterSeq`. They have no index by
 * event, because nothing but this asks for it: all numbers are walked.
 */
export async function disagreementsOf(
  inventory: Connection,
  reservation: Connection,
  { eventId, afterSeq }: { eventId: string; afterSeq: number },
): Promise<string[]> {
  const findings = new Findings();
  const id = uuidToBytes(eventId);
  const allocated = await rowsOf(
    inventory,
    "SELECT id, state FROM allocation FORCE INDEX (allocation_user) WHERE event_id = ?",
    [id],
  );
  const [highest] = await rowsOf(reservation, "SELECT MAX(seq) AS seq FROM reservation");
  const last = Number(highest?.seq ?? 0);
  const reserved: RowDataPacket[] = [];
  for (let seq = afterSeq; seq < last; seq += SLICE_NUMBERS) {
    const rows = await rowsOf(
      reservation,
      "SELECT id, state FROM reservation WHERE seq > ? AND seq <= ? AND event_id = ?",
      [seq, seq + SLICE_NUMBERS, id],
    );
    reserved.push(...rows);
  }
  compare(allocated, reserved, findings);
  return findings.list();
}

function compare(
  allocated: readonly RowDataPacket[],
  reserved: readonly RowDataPacket[],
  findings: Findings,
): void {
  const allocations = new Map<string, number>(
    allocated.map(({ id, state }) => [uuidFromBytes(id), state]),
  );
  for (const row of reserved) {
    const id = uuidFromBytes(row.id);
    const allocation = allocations.get(id);
    if (allocation === undefined || !COUNTERPARTS[row.state]?.includes(allocation)) {
      const what = `${nameOf(RESERVATION, row.state)}`;
      findings.add(
        `reservation ${id} is ${what}, its allocation ${nameOf(ALLOCATION, allocation)}`,
      );
    }
    allocations.delete(id);
  }
  for (const [id, state] of allocations) {
    if (state !== ALLOCATION.released) {
      findings.add(`allocation ${id} is ${nameOf(ALLOCATION, state)} and has no reservation`);
    }
  }
}
