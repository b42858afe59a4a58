import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ORGANISER } from "@tessera/testkit/services";
import type { RunFile, RunSettings } from "../../k6/lib/run-file.ts";
import { makeAccounts, mintUsers } from "../load-users.ts";
import type { Progress } from "../local/progress.ts";
import type { LocalSystem } from "../local/system.ts";
import { takeSample } from "./sample.ts";
import type { Scenario } from "./scenarios.ts";

/** Tokens outlive the run: starting, stopping and the last person included. In seconds. */
const TOKEN_MARGIN = 1_800;

/** What is run, where, and the folder that everything about the run is kept in. */
export interface Plan {
  scenario: Scenario;
  settings: RunSettings;
  folder: string;
}

/** Makes the people that a scenario needs, and writes its run file; returns the file's path. */
export async function prepareRun(
  plan: Plan,
  system: LocalSystem,
  progress: Progress,
): Promise<string> {
  const { scenario, settings, folder } = plan;
  mkdirSync(folder, { recursive: true });
  const file: RunFile = {
    runId: randomUUID().slice(0, 8),
    bffUrl: system.bffUrl.replace("localhost", "127.0.0.1"),
    inventoryAddress: `127.0.0.1:${system.ports.inventoryGrpc}`,
    reservationAddress: `127.0.0.1:${system.ports.reservationGrpc}`,
    organiser: ORGANISER,
    settings,
    buyersFile: "",
    accountsFile: "",
    sampleFile: "",
  };
  const tokenSeconds = settings.seconds + TOKEN_MARGIN;
  const schema = { ...system, mysqlUrl: system.mysqlUrls.user };
  const buyers = scenario.buyers(settings);
  if (buyers > 0) {
    const minted = mintUsers(buyers, { ...schema, tokenSeconds });
    const list = await progress.during(`Making ${buyers} buyers`, minted);
    file.buyersFile = writeList(folder, "buyers", list);
  }
  const accounts = scenario.accounts?.(settings) ?? 0;
  if (accounts > 0) {
    const emails = Array.from(
      { length: accounts },
      (_one, index) => `${file.runId}-${index}@load.tessera.test`,
    );
    const secret = randomUUID();
    const made = makeAccounts(emails, secret, schema);
    await progress.during(`Making ${accounts} accounts`, made);
    const list = emails.map((one) => ({ email: one, password: secret }));
    file.accountsFile = writeList(folder, "accounts", list);
  }
  if (scenario.hasSample === true) {
    const taken = takeSample(system, settings.size, tokenSeconds);
    const sample = await progress.during("Picking rows to read", taken);
    file.sampleFile = writeList(folder, "sample", sample);
  }
  return writeList(folder, "run", file);
}

/** Throws away what only the run itself needed: tokens, passwords, long lists. */
export function forgetPeople({ folder }: Plan): void {
  for (const name of ["buyers", "accounts", "sample"]) {
    rmSync(join(folder, `${name}.json`), { force: true });
  }
}

/** Readable by its owner alone: tokens and passwords are in there. */
function writeList(folder: string, name: string, content: unknown): string {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
  return path;
}
