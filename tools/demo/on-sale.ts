import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { PerSchema } from "@tessera/testkit/schemas";
import { mintUsers } from "../load-users.ts";
import type { Progress } from "../local/progress.ts";
import { callRest } from "../local/rest.ts";
import { type SeededEvent, signInOrganiser } from "../local/seed.ts";
import type { LocalSystem } from "../local/system.ts";
import { emptyOutcome, type Outcome, storm } from "./crowd.ts";
import { type Invariant, invariants } from "./invariants.ts";
import { type LedgerReading, readLedger } from "./ledger.ts";
import { LiveLine } from "./live-line.ts";
import { report } from "./report.ts";
import { RestClient } from "./rest-client.ts";

/** How large the sale is. */
export interface SaleSize {
  buyers: number;
  tickets: number;
}

/** Short, so that one can watch the tickets of those who let go come back. */
const HOLD_SECONDS = 20;
/** How long after the holds end, and after the last answer, the ledger may take to settle. */
const SETTLE_MS = 10_000;
const CONNECTIONS = 512;

/** Runs a whole on-sale against a system, prints what came of it, and returns an exit code. */
export async function onSale(
  system: LocalSystem,
  size: SaleSize,
  progress: Progress,
): Promise<number> {
  const users = await progress.during(
    `Making ${size.buyers} buyers`,
    mintUsers(size.buyers, { ...system, mysqlUrl: system.mysqlUrls.user }),
  );
  const event = await createEvent(system.bffUrl, size.tickets);
  progress.say(`${size.buyers} buyers, ${size.tickets} tickets, all at once:`);
  const client = new RestClient(system.bffUrl, { connections: CONNECTIONS });
  const outcome = emptyOutcome();
  const line = new LiveLine(() => liveText(outcome, size));
  const startTime = performance.now();
  await storm(client, { event, users }, outcome);
  const seconds = (performance.now() - startTime) / 1000;
  line.stop();
  client.close();
  const afterStorm = await settled(system.mysqlUrls, event, outcome, () => true);
  await progress.during(
    `Waiting for the ${outcome.letGo.size} holds that were let go to lapse`,
    setTimeout(HOLD_SECONDS * 1000),
  );
  const isBack = ({ stock }: LedgerReading) => stock.every(({ held }) => held === 0);
  const afterLapse = await settled(system.mysqlUrls, event, outcome, isBack);
  const back: Invariant = {
    name: "every hold that was let go gave its units back",
    violations: isBack(afterLapse.reading) ? [] : ["some units are still held"],
  };
  const found = [...merged(afterStorm.found, afterLapse.found), back];
  process.stdout.write(report({ outcome, seconds, stock: afterLapse.reading.stock, found }));
  const isSound = outcome.failures.length === 0;
  return isSound && found.every(({ violations }) => violations.length === 0) ? 0 : 1;
}

async function createEvent(bffUrl: string, tickets: number): Promise<SeededEvent> {
  const small = Math.floor(tickets / 5);
  const hourMs = 3_600_000;
  const at = (hours: number) => new Date(Date.now() + hours * hourMs).toISOString();
  return await callRest<SeededEvent>(`${bffUrl}/v1/events`, {
    accessToken: await signInOrganiser(bffUrl),
    idempotencyKey: randomUUID(),
    body: {
      name: `On-sale of ${new Date().toISOString()}`,
      venue: "Arena",
      startsAt: at(240),
      salesOpenAt: at(-1),
      salesCloseAt: at(239),
      holdSeconds: HOLD_SECONDS,
      maxPerUser: 4,
      ticketTypes: [
        {
          name: "Standing",
          price: { amount: 6500, currency: "EUR" },
          capacity: tickets - small,
        },
        { name: "Seated", price: { amount: 9500, currency: "EUR" }, capacity: small },
      ],
    },
  });
}

/** Reads until all is well, for a bounded time: what was acknowledged may still be on its way. */
async function settled(
  urls: PerSchema,
  event: SeededEvent,
  outcome: Outcome,
  isEnough: (reading: LedgerReading) => boolean,
): Promise<{ reading: LedgerReading; found: Invariant[] }> {
  const giveUpTime = Date.now() + SETTLE_MS;
  for (;;) {
    const reading = await readLedger(urls, event.id);
    const found = invariants(reading, outcome);
    const isFine = isEnough(reading) && found.every(({ violations }) => violations.length === 0);
    if (isFine || Date.now() > giveUpTime) {
      return { reading, found };
    }
    await setTimeout(250);
  }
}

/** An invariant holds when it held both times. */
function merged(first: readonly Invariant[], second: readonly Invariant[]): Invariant[] {
  return first.map(({ name, violations }, index) => ({
    name,
    violations: [...violations, ...(second[index]?.violations ?? [])],
  }));
}

function liveText(outcome: Outcome, { buyers }: SaleSize): string {
  const { confirmed, cancelled, letGo, reserve } = outcome;
  return (
    `${reserve.count} answers, ${confirmed.size} confirmed, ${cancelled.size} cancelled, ` +
    `${letGo.size} let go, ${reserve.of("409 SOLD_OUT")} times sold out; ` +
    `${outcome.done} of ${buyers} buyers are done`
  );
}
