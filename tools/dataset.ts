// Fills the databases: "npm run dataset", with the system running or not (see --help).
import { join } from "node:path";
import { violationsOf } from "@tessera/testkit/invariants";
import { createSchemas, type PerSchema } from "@tessera/testkit/schemas";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { openStores } from "@tessera/testkit/stores/stores";
import { isLocal, migrateSchemas, schemasOf } from "./dataset/databases.ts";
import { loadDataset } from "./dataset/load-dataset.ts";
import { type DatasetArguments, HELP, readArguments } from "./dataset/sizes.ts";
import { bytesLoaded, bytesNeeded, checkSpace } from "./dataset/space.ts";
import { Progress } from "./local/progress.ts";
import { findRunningSystem, LOCAL_FOLDER } from "./local/running-system.ts";
import { rememberedSecrets } from "./local/secrets.ts";
import { inSession, runProgram, type Session } from "./local/session.ts";

await runProgram(async () => {
  const wish = readArguments(process.argv.slice(2), process.env);
  if (wish === undefined) {
    process.stdout.write(HELP);
    return 0;
  }
  const progress = new Progress();
  if (wish.url !== undefined) {
    if (!wish.isRemoteAllowed && !isLocal(wish.url)) {
      throw new OperatorError(
        "That server is not on this machine. The accounts of a data set have a password that " +
          "everybody knows: say --allow-remote if that does no harm there.",
      );
    }
    const urls = await schemasOf(wish.url, wish.prefix);
    return await load(urls, wish, progress, untilInterrupted(progress));
  }
  const running = await findRunningSystem();
  if (running !== undefined) {
    progress.say(`Using the databases of the system at ${running.bffUrl}.`);
    return await load(running.mysqlUrls, wish, progress, untilInterrupted(progress));
  }
  const { say } = progress;
  say('No "npm start" is running: starting its databases for the load.');
  return await inSession({ folder: LOCAL_FOLDER, progress, codeOnSignal: 130 }, async (session) =>
    load(await localSchemas(session, progress), wish, progress),
  );
});

/** The databases that "npm start" will find, without its services, and with room for a load. */
async function localSchemas(session: Session, progress: Progress): Promise<PerSchema> {
  const { folder, children } = session;
  const { passwords } = rememberedSecrets(folder);
  const stores = await progress.during(
    "Starting MySQL",
    openStores({
      onStop: session.onStop,
      ...{ folder: join(folder, "stores"), children, say: progress.say },
      mysqlUse: "loading",
    }),
  );
  return await createSchemas(stores.mysqlUrl, { passwords });
}

async function load(
  urls: PerSchema,
  wish: DatasetArguments,
  progress: Progress,
  signal?: AbortSignal,
): Promise<number> {
  const { counts, seed, dateMs, method, isChecked } = wish;
  const { say } = progress;
  await progress.during("Migrating the schemas", migrateSchemas(urls));
  const missingBytes = Math.max(0, bytesNeeded(counts) - (await bytesLoaded(urls)));
  await checkSpace(urls.inventory, missingBytes, say);
  const { reservationsPerSecond, isWhole } = await loadDataset({
    ...{ urls, counts, seed, dateMs, method, say },
    ...(signal === undefined ? {} : { signal }),
  });
  if (!isWhole) {
    say("Stopped. The same command goes on from here.");
    return 130;
  }
  const rate = Math.round(reservationsPerSecond).toLocaleString("en");
  say(`Loaded: ${rate} reservations a second, each with its allocation.`);
  if (!isChecked) {
    return 0;
  }
  const violations = await progress.during(
    "Reading everything back",
    violationsOf(urls, { isSettled: true }),
  );
  say(violations.length === 0 ? "The ledger adds up." : violations.join("\n"));
  return violations.length === 0 ? 0 : 1;
}

/**
 * The first Ctrl-C ends the load between two transactions; the second one kills it. Databases that
 * this program started itself are stopped at once instead: nobody is waiting for their indexes.
 */
function untilInterrupted({ say }: Progress): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => {
      say("Stopping after what is under way …");
      controller.abort();
    });
  }
  return controller.signal;
}
