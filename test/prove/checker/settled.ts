import { uuidToBytes } from "@tessera/service-kit/uuid";
import { violationsOf } from "@tessera/testkit/invariants";
import { openReader, rowsOf } from "@tessera/testkit/invariants/reader";
import { ALLOCATION, nameOf, RESERVATION } from "@tessera/testkit/invariants/states";
import type { PerSchema } from "@tessera/testkit/schemas";
import { until } from "@tessera/testkit/until";
import type { EventOnSale } from "../event-on-sale.ts";
import type { Marks } from "./gather.ts";
import type { StreamReader } from "./stream-reader.ts";

/** What is to be quiet. */
export interface SettledOptions {
  mysqlUrls: PerSchema;
  events: readonly EventOnSale[];
  /** Must have been told of everything. */
  stream: Pick<StreamReader, "lastSeq">;
  /** Spares the reading of earlier rounds' rows. */
  after?: Marks;
  /** How long to wait after the last hold must have ended, in milliseconds. Defaults to 20,000. */
  patienceMs?: number;
}

/**
 * Sweepers come every second. After a failure they come up to eight times less often, and what one
 * of them took is left to it for five seconds.
 */
const PATIENCE_MS = 20_000;

/**
 * Waits until nothing is under way: every hold is over or paid for, whatever was begun is finished,
 * both sides agree, and consumers were told. Resolves to what is not so, in words, when patience is
 * over; to nothing when all is quiet.
 */
export async function settled(options: SettledOptions): Promise<string[]> {
  const { events, patienceMs = PATIENCE_MS } = options;
  const holdMs = 1000 * Math.max(0, ...events.map(({ holdSeconds }) => holdSeconds));
  let restless: string[] = ["nobody looked"];
  const look = async () => {
    try {
      restless = await underWay(options);
    } catch (reason) {
      restless = [`the databases do not answer: ${reason}`];
    }
    return restless.length === 0;
  };
  const patience = { patienceMs: holdMs + patienceMs, everyMs: 250 };
  await until("everything is quiet", look, patience).catch(() => undefined);
  return restless;
}

async function underWay({ mysqlUrls, events, stream, after }: SettledOptions): Promise<string[]> {
  const inventory = await openReader(mysqlUrls.inventory);
  const reservation = await openReader(mysqlUrls.reservation);
  try {
    const ids = events.map(({ id }) => uuidToBytes(id));
    const places = ids.map(() => "?").join(", ") || "NULL";
    const held = await rowsOf(
      inventory,
      `SELECT COUNT(*) AS held FROM allocation
       WHERE event_id IN (${places}) AND state = ${ALLOCATION.held}`,
      ids,
    );
    const open = await rowsOf(
      reservation,
      `SELECT state, COUNT(*) AS count FROM reservation
       WHERE seq > ? AND event_id IN (${places}) AND (due_time IS NOT NULL
         OR state IN (${RESERVATION.held}, ${RESERVATION.confirming}))
       GROUP BY state`,
      [after?.reservationSeq ?? 0, ...ids],
    );
    const outbox = await rowsOf(
      reservation,
      `SELECT (SELECT MAX(seq) FROM outbox) AS last, (SELECT seq FROM outbox_cursor) AS relayed`,
    );
    const { last, relayed } = { last: 0, relayed: 0, ...outbox[0] };
    const restless = [
      ...held.flatMap(({ held: count }) => (count > 0 ? [`${count} allocations are held`] : [])),
      ...open.map(({ state, count }) => {
        const name = nameOf(RESERVATION, state);
        return `${count} reservations that are ${name} are to be looked at again`;
      }),
      ...(Number(relayed) < Number(last) ? [`moves after ${relayed} are not relayed`] : []),
      ...(stream.lastSeq < Number(relayed) ? [`no consumer saw move ${relayed}`] : []),
    ];
    // What both sides say is read only when nothing else is open: it costs more.
    return restless.length > 0 ? restless : await disagreements(mysqlUrls, events, after);
  } finally {
    inventory.destroy();
    reservation.destroy();
  }
}

async function disagreements(
  mysqlUrls: PerSchema,
  events: readonly EventOnSale[],
  after: Marks | undefined,
): Promise<string[]> {
  const afterSeq = after?.reservationSeq ?? 0;
  const found: string[] = [];
  for (const { id } of events) {
    found.push(...(await violationsOf(mysqlUrls, { eventId: id, isSettled: true, afterSeq })));
  }
  return found;
}
