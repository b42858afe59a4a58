// Runs every test with stores of its own: "npm test", or "npm test -- --grep fencing".
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { eraseStores, openStores } from "@tessera/testkit/stores/stores";
import { Progress } from "./local/progress.ts";
import { inSession, runProgram, type Session } from "./local/session.ts";
import { runMocha } from "./test/run-mocha.ts";

const FOLDER = join(ROOT, ".data", "test");

await runProgram(async () => {
  const progress = new Progress();
  return await inSession({ folder: FOLDER, progress, codeOnSignal: 130 }, (session) =>
    test(session, progress),
  );
});

/**
 * Everything that an earlier run wrote is thrown away first, for no test may depend on it; but for
 * what Node compiled, which it takes for the same sources only.
 */
async function test(session: Session, progress: Progress): Promise<number> {
  const startTime = performance.now();
  const storeFolder = join(session.folder, "stores");
  const workFolder = join(session.folder, "work");
  await eraseStores(storeFolder);
  rmSync(workFolder, { recursive: true, force: true });
  mkdirSync(workFolder);
  const stores = await progress.during(
    "Starting MySQL and Redis for the tests",
    openStores({
      onStop: session.onStop,
      folder: storeFolder,
      children: session.children,
      mysqlUrl: process.env.MYSQL_URL,
      redisUrl: process.env.REDIS_URL,
      say: progress.say,
    }),
  );
  const { code, passed, failed } = await runMocha(session.children, process.argv.slice(2), {
    ...process.env,
    TEST_MYSQL_URL: stores.mysqlUrl,
    TEST_REDIS_URL: stores.redisUrl,
    TEST_WORK_FOLDER: workFolder,
    NODE_COMPILE_CACHE: join(session.folder, "compiled"),
  });
  progress.say(`All of it took ${Math.round((performance.now() - startTime) / 1000)} s.`);
  // The last line, for programs that count.
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return code;
}
