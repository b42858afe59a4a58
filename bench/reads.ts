// Measures what reads cost when there is more and more: "npm run bench:reads" (see --help).
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { openStores } from "@tessera/testkit/stores/stores";
import { loadDataset, loadedSpec } from "../tools/dataset/load-dataset.ts";
import type { DatasetSpec } from "../tools/dataset/plan.ts";
import { type DatasetCounts, SIZES } from "../tools/dataset/sizes.ts";
import { freePorts } from "../tools/local/ports.ts";
import { Progress } from "../tools/local/progress.ts";
import { readFlags, wholeNumber } from "../tools/local/read-flags.ts";
import { LOCAL_FOLDER } from "../tools/local/running-system.ts";
import { inSession, runProgram, type Session } from "../tools/local/session.ts";
import { type LocalSystem, startSystem } from "../tools/local/system.ts";
import { type ReadPlan, type ReadSystems, runReads } from "./read-rounds.ts";
import { markdown } from "./report.ts";
import { keepResults } from "./results.ts";

const HELP = `npm run bench:reads -- [--rounds 3] [--seconds 5] [--connections 16]

Compares reads over the data set that "npm run dataset" has loaded with the same reads over 30,000
reservations, and pages far down the list of events with the first ones: past the BFF's cache, in
turns on the same servers.

  --rounds 3        how often everything is measured; medians are printed
  --seconds 5       how long each load lasts
  --connections 16  requests under way at once
  --page 1000000    how far down the far pages are; at most as far as there are events
  --prefix WORD     goes before the names of the loaded schemas, with MYSQL_URL
`;

await runProgram(async () => {
  const text = (value: string) => ({ type: "string", default: value }) as const;
  const flag = { type: "boolean", default: false } as const;
  const options = {
    ...{ rounds: text("3"), seconds: text("5"), connections: text("16") },
    ...{ page: text("1000000"), prefix: text(""), help: flag },
  };
  const { values } = readFlags({ options }, HELP);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const plan = {
    rounds: wholeNumber("rounds", values.rounds, [1, 1_000]),
    seconds: wholeNumber("seconds", values.seconds, [1, 3_600]),
    connections: wholeNumber("connections", values.connections, [1, 1_000]),
    page: wholeNumber("page", values.page, [2, 100_000_000]),
  };
  const progress = new Progress();
  const { say } = progress;
  const small = join(ROOT, ".data", "bench-reads");
  return await inSession({ folder: LOCAL_FOLDER, progress, codeOnSignal: 1 }, (session) =>
    inSession({ folder: small, progress, codeOnSignal: 1 }, async (other) => {
      const systems = await startSystems({ large: session, small: other }, values.prefix, progress);
      return await report(systems, await runReads(systems, plan, say), plan);
    }),
  );
});

/** Two systems on the same servers: measured in turns, they have the same hour and machine. */
async function startSystems(
  sessions: { large: Session; small: Session },
  prefix: string,
  progress: Progress,
): Promise<ReadSystems & { spec: DatasetSpec }> {
  const { say } = progress;
  const { folder, children, onStop } = sessions.large;
  const env = process.env;
  const stores = await progress.during(
    "Starting MySQL and Redis",
    openStores({
      onStop,
      folder: join(folder, "stores"),
      ...{ children, mysqlUrl: env.MYSQL_URL, redisUrl: env.REDIS_URL, say },
    }),
  );
  const start = async (session: Session, schemaPrefix: string, redisUrl: string) =>
    await startSystem({
      ...{ session, progress, ports: await freePorts(), schemaPrefix },
      env: { ...env, MYSQL_URL: stores.mysqlUrl, REDIS_URL: redisUrl },
      // As in production: one line a request.
      logLevel: "info",
      serviceEnv: { bff: { EVENTS_MAX_AGE_MS: "0", AVAILABILITY_MAX_AGE_MS: "0" } },
    });
  const large = await start(sessions.large, prefix, stores.redisUrl);
  const spec = await loadedSpec(large.mysqlUrls.reservation);
  if (spec === undefined) {
    throw new OperatorError('There is no data set. Load one: "npm run dataset -- --size medium".');
  }
  // A database of its own in the same Redis.
  const small = await start(sessions.small, "reads_", new URL("/1", stores.redisUrl).href);
  await loadDataset({
    urls: small.mysqlUrls,
    counts: SIZES.small as DatasetCounts,
    ...{ seed: 1, dateMs: undefined, method: undefined, say },
  });
  return { large, small, spec };
}

/** Prints the outcome and keeps it as JSON. The figures are to be judged by a person. */
async function report(
  { spec }: { large: LocalSystem; spec: DatasetSpec },
  { rows, ratios }: Awaited<ReturnType<typeof runReads>>,
  plan: ReadPlan,
): Promise<number> {
  const file = keepResults("reads-", { spec, plan, rows, ratios });
  const cells = rows.map(({ scenario, perSecond, p50, p99 }) => [
    scenario,
    Math.round(perSecond).toLocaleString("en"),
    p50.toFixed(2),
    p99.toFixed(2),
  ]);
  const lines = ratios.map(({ what, p50, p99, most }) => [
    what,
    `${p50.toFixed(2)} x`,
    `${p99.toFixed(2)} x`,
    `${most.toFixed(1)} x`,
    p99 <= most ? "kept" : "MISSED",
  ]);
  process.stdout.write(
    `\n${markdown([["reads", "per s", "p50 ms", "p99"], ...cells])}\n\n` +
      `${markdown([["ratio", "p50", "p99", "at most", ""], ...lines])}\n\n${file}\n`,
  );
  return 0;
}
