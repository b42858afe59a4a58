// Load: "npm run k6 -- <scenario>", with the system running or not (see --help).
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { eraseStores } from "@tessera/testkit/stores/stores";
import { findK6 } from "./k6/binary.ts";
import { helpText, readPlan } from "./k6/options.ts";
import { runPlan, warmUp } from "./k6/run-plan.ts";
import { freePorts } from "./local/ports.ts";
import { Progress } from "./local/progress.ts";
import { findRunningSystem } from "./local/running-system.ts";
import { inSession, runProgram, type Session } from "./local/session.ts";
import { startSystem } from "./local/system.ts";

const FOLDER = join(ROOT, ".data", "k6");

/** A load comes from one address, and its few people do the work of many. */
const NO_LIMIT = "1000000";
const LOAD_ENV = {
  bff: {
    SIGN_IN_PER_SECOND: NO_LIMIT,
    SIGN_UP_PER_SECOND: NO_LIMIT,
    RESERVE_PER_SECOND: NO_LIMIT,
    RESERVE_BURST: NO_LIMIT,
    USER_PER_SECOND: NO_LIMIT,
    USER_BURST: NO_LIMIT,
    QUEUE_PER_SECOND: NO_LIMIT,
    QUEUE_BURST: NO_LIMIT,
  },
};

await runProgram(async () => {
  const plan = readPlan(process.argv.slice(2), FOLDER);
  if (plan === undefined) {
    process.stdout.write(helpText());
    return 0;
  }
  const progress = new Progress();
  const { say } = progress;
  return await inSession({ folder: FOLDER, progress, codeOnSignal: 130 }, async (session) => {
    const k6 = await findK6(session.children, progress);
    const running = await findRunningSystem();
    if (running !== undefined) {
      say(`Using the system at ${running.bffUrl}, with the rate limits that it has.`);
      return await runPlan(plan, { session, system: running, k6, progress });
    }
    say('No "npm start" is running: starting a system for the load.');
    const means = { session, system: await startOwn(session, progress), k6, progress };
    if (plan.scenario.isCold !== true) {
      await warmUp(plan.folder, means);
    }
    return await runPlan(plan, means);
  });
});

/** Runs that begin with nothing can be compared. */
async function startOwn(session: Session, progress: Progress) {
  if (!process.env.MYSQL_URL && !process.env.REDIS_URL) {
    await eraseStores(join(session.folder, "stores"));
  }
  return await startSystem({
    session,
    progress,
    ports: await freePorts(),
    env: process.env,
    schemaPrefix: "k6_",
    // As in production: one line a request.
    logLevel: "info",
    serviceEnv: LOAD_ENV,
  });
}
