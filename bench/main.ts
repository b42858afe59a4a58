// Measures Tessera beside its rivals, on one machine and the same stores: "npm run bench".
import { join } from "node:path";
import { violationsOf } from "@tessera/testkit/invariants";
import { ROOT, SERVICES } from "@tessera/testkit/services";
import { mintUsers } from "../tools/load-users.ts";
import { MemoryWatch } from "../tools/local/memory-watch.ts";
import { freePorts } from "../tools/local/ports.ts";
import { Progress } from "../tools/local/progress.ts";
import { readFlags, wholeNumber } from "../tools/local/read-flags.ts";
import { inSession, runProgram, type Session } from "../tools/local/session.ts";
import { startSystem } from "../tools/local/system.ts";
import { createReadEvents } from "./cache.ts";
import { type ExpiryResult, measureExpiry } from "./expiry.ts";
import { type Measured, type Row, summarize, table, wrongAnswers } from "./report.ts";
import { keepResults } from "./results.ts";
import { type Bench, runRound, soak, warmUp } from "./scenarios.ts";
import { startRivals } from "./targets.ts";
import { compareTracing, type TracingResult } from "./tracing.ts";

const HELP = `npm run bench -- [--rounds 3] [--seconds 5] [--only WORDS] [--soak MINUTES] [--try]

  --rounds 3     how often everything is measured; medians are printed
  --seconds 5    how long each load lasts
  --only WORDS   scenarios whose name has one of these comma-separated words
  --cache        also: events read from the BFF's memory, and past it
  --tracing      also: one hot event, untraced and traced in turns, and the ratio
  --expiry       also: 50,000 holds that expire in the same second
  --soak 5       also: that many minutes of steady load, for memory
  --try          a moment of each but the soak, and little of everything: does it still work?
`;

/** Of what is measured otherwise, that much is enough to see that it works. */
const TRIAL = { rounds: 1, seconds: 0.2, scale: 0.01 };

/** Buyers: enough that none of them meets his rate limit. */
const USERS = 6_000;

/** One organiser makes all events, 25,000 of them where reads are measured. */
const ORGANISER_UNBOUND = { USER_PER_SECOND: "100000", USER_BURST: "100000" };

/** As in production: images keep nothing that Node has compiled, and it would take less memory. */
const AS_IN_A_POD = { NODE_DISABLE_COMPILE_CACHE: "1" };

await runProgram(async () => {
  const text = (value: string) => ({ type: "string", default: value }) as const;
  const flag = { type: "boolean", default: false } as const;
  const options = {
    ...{ rounds: text("3"), seconds: text("5"), only: text(""), soak: text("0") },
    ...{ cache: flag, tracing: flag, expiry: flag, try: flag, help: flag },
  };
  const { values } = readFlags({ options }, HELP);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const progress = new Progress();
  const folder = join(ROOT, ".data", "bench");
  return await inSession({ folder, progress, codeOnSignal: 1 }, (session) =>
    measure(session, progress, {
      rounds: wholeNumber("rounds", values.rounds, [1, 1_000]),
      seconds: wholeNumber("seconds", values.seconds, [1, 3_600]),
      scale: 1,
      ...(values.try ? TRIAL : {}),
      only: values.only.split(",").filter((word) => word !== ""),
      hasCache: values.cache || values.try,
      hasTracing: values.tracing || values.try,
      hasExpiry: values.expiry || values.try,
      soakMinutes: wholeNumber("soak", values.soak, [0, 10_000]),
    }),
  );
});

interface Plan {
  rounds: number;
  seconds: number;
  scale: number;
  only: readonly string[];
  hasCache: boolean;
  hasTracing: boolean;
  hasExpiry: boolean;
  soakMinutes: number;
}

async function measure(session: Session, progress: Progress, plan: Plan): Promise<number> {
  const system = await startSystem({
    session,
    progress,
    ports: await freePorts(),
    env: process.env,
    // As in production: one line a request.
    logLevel: "info",
    serviceEnv: {
      ...Object.fromEntries(SERVICES.map((service) => [service, AS_IN_A_POD])),
      bff: { ...AS_IN_A_POD, ...ORGANISER_UNBOUND },
    },
  });
  const rivals = await startRivals(session, system);
  const users = await progress.during(
    "Making buyers",
    mintUsers(USERS, { ...system, mysqlUrl: system.mysqlUrls.user }),
  );
  const readIds = plan.hasCache
    ? await progress.during("Making events to read", createReadEvents(system, plan.scale))
    : [];
  const memory = new MemoryWatch(system.ports);
  const measured: Measured[] = [];
  const { seconds, scale } = plan;
  const bench: Bench = { system, rivals, users, readIds, seconds, scale, say: progress.say };
  await progress.during("Warming up", warmUp(bench));
  memory.start();
  for (let round = 1; round <= plan.rounds; round += 1) {
    progress.say(`Round ${round} of ${plan.rounds}`);
    const results = await runRound(bench, plan.only);
    measured.push(...results.map((one) => ({ ...one, round })));
  }
  const tracing = plan.hasTracing
    ? await progress.during("Traced against untraced", compareTracing(bench, session, plan.rounds))
    : undefined;
  const expiry = plan.hasExpiry
    ? await progress.during("Holds expire", measureExpiry(bench))
    : undefined;
  const load = memory.stop();
  const steady = plan.soakMinutes > 0 ? await soak(bench, plan.soakMinutes) : undefined;
  const rows = summarize(measured);
  const violations = [
    ...rows.flatMap(wrongAnswers),
    ...(await rivals.violations()),
    ...(await violationsOf(system.mysqlUrls, { isSettled: true })),
  ];
  report({ rows, tracing, expiry, load, steady, violations });
  return violations.length === 0 ? 0 : 1;
}

interface Outcome {
  rows: readonly Row[];
  tracing: TracingResult | undefined;
  expiry: ExpiryResult | undefined;
  load: ReturnType<MemoryWatch["stop"]>;
  steady: unknown;
  violations: readonly string[];
}

function report(outcome: Outcome): void {
  const { rows, tracing, expiry, load, steady, violations } = outcome;
  const file = keepResults("", outcome);
  console.log(`\n${table(rows)}\n`);
  if (tracing !== undefined) {
    console.log("Traced against untraced:", tracing);
  }
  if (expiry !== undefined) {
    console.log("Holds that expired at once:", expiry);
  }
  console.log("Resident memory, MiB:", load);
  if (steady !== undefined) {
    console.log("Steady load:", steady);
  }
  console.log(violations.length === 0 ? "The ledger is exact." : violations.join("\n"));
  console.log(`Written to ${file}`);
}
