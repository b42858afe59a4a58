// Runs the whole system on this machine: "npm start" (see --help).
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SERVICES } from "@tessera/testkit/services";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { eraseStores } from "@tessera/testkit/stores/stores";
import { welcome } from "./local/addresses.ts";
import { passedOn } from "./local/passed-on.ts";
import { checkPorts, PORT_SETTINGS, readPorts } from "./local/ports.ts";
import { Progress } from "./local/progress.ts";
import { readFlags } from "./local/read-flags.ts";
import { LOCAL_FOLDER, SYSTEM_FILE } from "./local/running-system.ts";
import { seedSampleEvent } from "./local/seed.ts";
import { inSession, runProgram, type Session } from "./local/session.ts";
import { readLogLevel, startSystem } from "./local/system.ts";

const HELP = `npm start -- [--fresh] [--port 8080] [other ports]

Starts stores and services, and keeps them running until Ctrl-C. Data is kept in .data/local.

  --fresh   throw the data away and begin again
${Object.values(PORT_SETTINGS)
  .map(({ flag, env, fallback }) => `  --${flag} <port>   or ${env}; ${fallback} unless set`)
  .join("\n")}

MYSQL_URL (an administrator's) and REDIS_URL name stores to use instead of private ones.
LOG_LEVEL is debug, info, warn, error or silent; info unless set.
OTEL_EXPORTER_OTLP_ENDPOINT names a collector for traces; all OTEL_… variables reach the services.
CORS_ORIGINS names the origins whose pages may call, separated by commas: http://localhost:5173.
`;

await runProgram(async () => {
  const text = { type: "string" } as const;
  const ports = Object.fromEntries(Object.values(PORT_SETTINGS).map(({ flag }) => [flag, text]));
  const flag = { type: "boolean" } as const;
  const { values } = readFlags({ options: { ...ports, fresh: flag, help: flag } }, HELP);
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const progress = new Progress();
  return await inSession({ folder: LOCAL_FOLDER, progress, codeOnSignal: 0 }, (session) =>
    serve(session, values, progress),
  );
});

async function serve(
  session: Session,
  flags: Readonly<Record<string, unknown>>,
  progress: Progress,
): Promise<number> {
  const ports = readPorts(flags, process.env);
  await progress.during("Looking at the ports", checkPorts(ports, progress.say));
  if (flags.fresh === true) {
    if (process.env.MYSQL_URL || process.env.REDIS_URL) {
      throw new OperatorError("--fresh erases private stores only; MYSQL_URL or REDIS_URL is set.");
    }
    await progress.during("Throwing the data away", erase(session.folder));
  }
  const logLevel = readLogLevel(process.env);
  const system = await startSystem({
    ...{ session, progress, ports, logLevel },
    env: process.env,
    serviceEnv: Object.fromEntries(
      SERVICES.map((service) => [service, passedOn(service, process.env)]),
    ),
  });
  const event = await progress.during("Seeding", seedSampleEvent(system.bffUrl));
  // For the tools that look into the running system; it holds passwords.
  writeFileSync(SYSTEM_FILE, JSON.stringify(system), { mode: 0o600 });
  session.onStop(async () => rmSync(SYSTEM_FILE, { force: true }));
  process.stdout.write(welcome(system, event));
  // From here on, a signal is the only way out.
  return await new Promise<never>(() => undefined);
}

async function erase(folder: string): Promise<void> {
  await eraseStores(join(folder, "stores"));
  for (const name of ["logs", "secrets.json"]) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}
