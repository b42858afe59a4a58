import { setTimeout } from "node:timers/promises";
import { uuidLiteral } from "@tessera/service-kit/sql-literal";
import { violationsOf } from "@tessera/testkit/invariants";
import { select } from "@tessera/testkit/invariants/reader";
import type { PerSchema } from "@tessera/testkit/schemas";
import type { RunEvent } from "../../k6/lib/run-file.ts";
import { PROMISES } from "../../k6/lib/slo.ts";
import type { Invariant } from "../demo/invariants.ts";
import type { Told } from "./told.ts";

/** Where to look, and since when. */
export interface Ledger {
  urls: PerSchema;
  events: readonly RunEvent[];
  /** The newest reservation of before the run: nothing older is read. */
  firstSeq: number;
  /** How long sweeps and writes may take to finish what had begun; 20 seconds unless given. */
  settleMs?: number;
}

/** What the databases say of the run's events. */
interface Reading {
  reservations: number;
  /** Holds that should have lapsed by now. */
  overdue: number;
  held: number;
  sold: number;
  capacity: number;
  violations: string[];
}

const SETTLE_MS = 20_000;
const POLL_MS = 500;

/** The newest reservation's place in the table. */
export async function newestReservation({ reservation }: PerSchema): Promise<number> {
  const [row] = await select(reservation, "SELECT MAX(seq) AS seq FROM reservation");
  return Number(row?.seq ?? 0);
}

/**
 * Compares the ledger with itself and with what buyers were told, when all is settled. Empty when
 * the run had no events of its own.
 */
export async function judge(ledger: Ledger, told: Told): Promise<Invariant[]> {
  if (ledger.events.length === 0) {
    return [];
  }
  const giveUpTime = Date.now() + (ledger.settleMs ?? SETTLE_MS);
  for (;;) {
    const found = invariants(await read(ledger), ledger, told);
    const isFine = found.every(({ violations }) => violations.length === 0);
    if (isFine || Date.now() > giveUpTime) {
      return found;
    }
    await setTimeout(POLL_MS);
  }
}

function invariants(reading: Reading, { events }: Ledger, told: Told): Invariant[] {
  const { reservations, held, sold, capacity, overdue } = reading;
  const unanswered = told.attempted - told.answered;
  const soldAsTold = told.unitsConfirmed - told.unitsUnsold;
  const unansweredConfirms = told.confirmsAttempted - told.confirmsAnswered;
  const people: Invariant[] = [
    {
      name: "everybody who joined the waiting room was let in, or told that all is gone",
      violations: within(told.lastWords, [told.joined, told.joined], "had a last word"),
    },
  ];
  return [
    {
      name: "held + sold + available = capacity, nothing sold twice, both sides agree",
      violations: reading.violations,
    },
    {
      name: "every reservation that was acknowledged exists, and no other",
      violations: within(
        reservations,
        [told.acknowledged, told.acknowledged + unanswered],
        "reservations are there",
      ),
    },
    {
      name: "units sold = units confirmed to buyers",
      violations: within(sold, [soldAsTold, soldAsTold + unansweredConfirms], "units are sold"),
    },
    {
      name: "units taken = min(capacity, demand)",
      violations: takenViolations({ taken: held + sold, capacity }, events, told),
    },
    {
      name: `no hold is overdue by more than ${PROMISES.sweepLagSeconds} s`,
      violations: within(overdue, [0, 0], "holds are overdue"),
    },
    ...(told.joined > 0 ? people : []),
  ];
}

/** Where units came back, or where several events share the demand, taken says less. */
function takenViolations(
  { taken, capacity }: { taken: number; capacity: number },
  events: readonly RunEvent[],
  told: Told,
): string[] {
  const isOne = events.length === 1 || told.unitsSoldOut === 0;
  if (told.returns > 0 || !isOne) {
    return [];
  }
  const wanted = told.unitsAcknowledged + told.unitsSoldOut;
  const unanswered = told.attempted - told.answered;
  const bounds = [wanted, wanted + unanswered].map((units) => Math.min(capacity, units));
  return within(taken, [bounds[0] ?? 0, bounds[1] ?? 0], "units are taken");
}

function within(found: number, [least, most]: [number, number], what: string): string[] {
  const wanted = least === most ? `${least}` : `${least} to ${most}`;
  return found >= least && found <= most ? [] : [`${found} ${what}, not ${wanted}`];
}

async function read({ urls, events, firstSeq }: Ledger): Promise<Reading> {
  const ids = events.map(({ id }) => uuidLiteral(id)).join(", ");
  const [made] = await select(
    urls.reservation,
    `SELECT COUNT(*) AS reservations,
       SUM(state = 1 AND expire_time < UTC_TIMESTAMP(3) - INTERVAL ${PROMISES.sweepLagSeconds} SECOND) AS overdue
     FROM reservation WHERE seq > ${firstSeq} AND event_id IN (${ids})`,
  );
  const [stock] = await select(
    urls.inventory,
    `SELECT SUM(held) AS held, SUM(sold) AS sold, SUM(capacity) AS capacity
     FROM stock WHERE event_id IN (${ids})`,
  );
  const violations: string[] = [];
  for (const { id } of events) {
    const options = { eventId: id, isSettled: true, afterSeq: firstSeq };
    violations.push(...(await violationsOf(urls, options)));
  }
  return {
    reservations: Number(made?.reservations),
    overdue: Number(made?.overdue),
    held: Number(stock?.held),
    sold: Number(stock?.sold),
    capacity: Number(stock?.capacity),
    violations,
  };
}
