import { uuidFromBytes, uuidToBytes } from "@tessera/service-kit/uuid";
import type { Connection } from "mysql2/promise";
import { Findings } from "./findings.ts";
import { rowsOf } from "./reader.ts";
import { nameOf, RESERVATION } from "./states.ts";

/**
 * Reservations whose last move in the outbox is not the state that they are in.
 *
 * The moves are read in their order. One that is not a reservation's last is remembered until the
 * next one of the same reservation comes, and no longer. A reservation that is being confirmed is
 * left out: what comes of that is its next move.
 */
export async function outboxViolations(
  reservation: Connection,
  options: { eventId: string | undefined; afterSeq: number; sliceRows: number },
): Promise<string[]> {
  const { eventId, afterSeq, sliceRows } = options;
  const event = eventId === undefined ? [] : [uuidToBytes(eventId)];
  const behind = new Map<string, { state: number; told: string }>();
  let last = 0;
  for (;;) {
    // The slice is made before anything is filtered: each look reads so many moves, and no more.
    const slice = `(SELECT seq, reservation_id, payload FROM outbox WHERE seq > ?
      ORDER BY seq LIMIT ${sliceRows})`;
    const [end] = await rowsOf(reservation, `SELECT MAX(seq) AS seq FROM ${slice} o`, [last]);
    if (end?.seq === null || end === undefined) {
      break;
    }
    const rows = await rowsOf(
      reservation,
      `SELECT r.id, r.state, o.payload FROM ${slice} o
       STRAIGHT_JOIN reservation r ON r.id = o.reservation_id
       WHERE r.state <> ${RESERVATION.confirming} AND r.seq > ?
         ${eventId === undefined ? "" : "AND r.event_id = ?"}
       ORDER BY o.seq`,
      [last, afterSeq, ...event],
    );
    for (const { id, state, payload } of rows) {
      const told = String(JSON.parse(payload).state).toLowerCase();
      const key = id.toString("latin1");
      if (told === nameOf(RESERVATION, state)) {
        behind.delete(key);
      } else {
        behind.set(key, { state, told });
      }
    }
    last = Number(end.seq);
  }
  const findings = new Findings();
  for (const [key, { state, told }] of behind) {
    const name = `reservation ${uuidFromBytes(Buffer.from(key, "latin1"))}`;
    findings.add(`${name} is ${nameOf(RESERVATION, state)}, but ${told} was published last`);
  }
  return findings.list();
}
