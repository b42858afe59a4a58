import { uuidLiteral } from "@tessera/service-kit/sql-literal";
import { administer } from "@tessera/testkit/administer";
import { select } from "@tessera/testkit/invariants/reader";
import { until } from "@tessera/testkit/until";
import { STATE_CODES } from "../reservation-svc/src/mysql/reservation-row.ts";
import { callRest } from "../tools/local/rest.ts";
import type { LocalSystem } from "../tools/local/system.ts";
import { run } from "./load.ts";
import type { Bench } from "./scenarios.ts";
import { createEvents, reserving } from "./tessera.ts";

/** What it came to when many holds expired in one second. */
export interface ExpiryResult {
  holds: number;
  /** From the moment they expired until all units were available again, in seconds. */
  backAfterSeconds: number;
  /** Reservations a second on another event, before and meanwhile. */
  sellingBefore: number;
  sellingMeanwhile: number;
}

const HOLDS = 50_000;
const GIVE_UP_SECONDS = 120;

/** Makes holds on one event, lets them all expire at once, and sells another event meanwhile. */
export async function measureExpiry({ system, users, scale }: Bench): Promise<ExpiryResult> {
  const capacity = HOLDS * scale;
  const [expiring] = await createEvents(system, 1, { capacity });
  const other = await createEvents(system, 1, { capacity: 10_000_000 });
  if (expiring === undefined) {
    throw new Error("no event was made");
  }
  const filling = reserving(system, users, [expiring]);
  await run({ ...filling, connections: 256, requests: capacity });
  const { held } = await levelsOf(system, expiring.id);
  if (held === 0) {
    throw new Error("nothing was held that could expire");
  }
  const selling = reserving(system, users, other);
  const sell = (seconds: number) => run({ ...selling, connections: 64, seconds });
  const before = await sell(5 * scale);

  await expireNow(system, expiring.id);
  const startTime = performance.now();
  let isOver = false;
  const soldMeanwhile: number[] = [];
  const sellOn = async () => {
    while (!isOver) {
      soldMeanwhile.push((await sell(1)).perSecond);
    }
  };
  const back = until(
    "all units are back",
    async () => (await levelsOf(system, expiring.id)).available === capacity,
    { patienceMs: GIVE_UP_SECONDS * 1000, everyMs: 100 },
  )
    .then(() => (performance.now() - startTime) / 1000)
    .finally(() => {
      isOver = true;
    });
  const [backAfterSeconds] = await Promise.all([back, sellOn()]);
  await untilExpired(system, expiring.id);
  const sum = soldMeanwhile.reduce((total, rate) => total + rate, 0);
  return {
    holds: held,
    backAfterSeconds,
    sellingBefore: before.perSecond,
    sellingMeanwhile: sum / soldMeanwhile.length,
  };
}

/**
 * Resolves when the reservations have ended as well: on a slow machine inventory-svc takes units back
 * by itself, and what is compared afterwards would differ.
 */
async function untilExpired(system: LocalSystem, eventId: string): Promise<void> {
  const held = `SELECT 1 FROM reservation
    WHERE event_id = ${uuidLiteral(eventId)} AND state = ${STATE_CODES.held} LIMIT 1`;
  await until(
    "no reservation is held any more",
    async () => (await select(system.mysqlUrls.reservation, held)).length === 0,
    { patienceMs: GIVE_UP_SECONDS * 1000, everyMs: 250 },
  );
}

/** Moves the end of an event's holds to now, where both services keep it. */
async function expireNow(system: LocalSystem, eventId: string): Promise<void> {
  const event = uuidLiteral(eventId);
  await administer(
    system.mysqlUrls.inventory,
    `UPDATE allocation SET expire_time = UTC_TIMESTAMP(3) WHERE event_id = ${event}`,
  );
  await administer(
    system.mysqlUrls.reservation,
    `UPDATE reservation SET expire_time = UTC_TIMESTAMP(3), due_time = UTC_TIMESTAMP(3)
     WHERE event_id = ${event}`,
  );
}

async function levelsOf(
  system: LocalSystem,
  eventId: string,
): Promise<{ available: number; held: number }> {
  const { ticketTypes } = await callRest<{ ticketTypes: { available: number; held: number }[] }>(
    `${system.bffUrl}/v1/events/${eventId}/availability`,
  );
  return ticketTypes[0] ?? { available: 0, held: 0 };
}
