import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { createSchemas, SCHEMAS } from "@tessera/testkit/schemas";
import { ServiceProcess } from "@tessera/testkit/service-process";
import {
  type Addresses,
  ROOT,
  SERVICES,
  type ServiceName,
  type SystemSettings,
  serviceEnv,
  toolEnv,
} from "@tessera/testkit/services";
import { openStores } from "@tessera/testkit/stores/stores";
import { runCommand } from "../check/step.ts";
import { Progress } from "../local/progress.ts";
import { isReady } from "../local/readiness.ts";
import { rememberedSecrets } from "../local/secrets.ts";
import { inSession, type Session } from "../local/session.ts";
import { standInBase } from "./base-image.ts";
import { ContainerEngine } from "./container-engine.ts";

const FOLDER = join(ROOT, ".data", "verify", "images");
/** Every change of packages leaves a layer behind. GiB. */
const MAX_KEPT_GIB = 8;
/** How long a process may take to say that it can work, in milliseconds. */
const READY_DEADLINE_MS = 30_000;
/** How long it may take to stop with nothing to drain, in milliseconds. */
const STOP_DEADLINE_MS = 5_000;

/** What a container can be asked about itself from within. */
const LOOK_AROUND = `
  const canWrite = (folder) => { try { fs.writeFileSync(folder + "/x", ""); return true; } catch { return false; } };
  const status = fs.readFileSync("/proc/1/status", "utf8");
  console.log(JSON.stringify({
    user: process.getuid() + ":" + process.getgid(),
    writable: ["/", "/app", process.cwd(), "/tmp", "/var/tmp"].filter(canWrite),
    capabilities: /CapEff:\\s*(\\w+)/.exec(status)[1],
    first: fs.readFileSync("/proc/1/cmdline", "utf8").split("\\0").filter(Boolean).join(" "),
  }));`;

const WANTED = JSON.stringify({
  user: "10001:10001",
  writable: [],
  capabilities: "0000000000000000",
  first: "node --liftoff-only src/main.ts",
});

/**
 * Builds the image of every workload and runs the whole system from them, locked in as in
 * production, on stores of this machine. Resolves to what was not as it should be.
 */
export async function runImages(): Promise<string[]> {
  const progress = new Progress();
  let faults: string[] = [];
  await inSession({ folder: FOLDER, progress, codeOnSignal: 130 }, async (session) => {
    const engine = await openEngine();
    const base = await progress.during("Making a base image, once", standInBase(engine));
    await progress.during("Building the images", buildAll(engine, base));
    faults = await progress.during("Running them", tryAll(session, engine, progress.say));
    return 0;
  });
  return faults;
}

/** What it built before is used again, until there is too much of it. */
async function openEngine(): Promise<ContainerEngine> {
  const folder = join(FOLDER, "engine");
  const engine = await ContainerEngine.open(folder);
  const { output } = await runCommand(["du", "--summarize", "--block-size=1G", folder]);
  if (Number.parseInt(output, 10) <= MAX_KEPT_GIB) {
    return engine;
  }
  rmSync(folder, { recursive: true });
  return await ContainerEngine.open(folder);
}

async function buildAll(engine: ContainerEngine, base: string): Promise<void> {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  for (const workload of SERVICES) {
    await engine.buildah(
      ...["bud", "--isolation=chroot", "--network=host", "--force-rm"],
      `--layers=${engine.keepsLayers}`,
      ...[`--tag=${imageOf(workload)}`, `--build-arg=WORKLOAD=${workload}`],
      ...[`--build-arg=BASE=${base}`, `--build-arg=TARGETARCH=${architecture}`],
      ".",
    );
  }
}

async function tryAll(
  session: Session,
  engine: ContainerEngine,
  say: (text: string) => void,
): Promise<string[]> {
  const settings = await openSystem(session, say);
  const { children, folder } = session;
  for (const schema of SCHEMAS) {
    const env = toolEnv(schema, settings);
    const command = engine.commandOf({
      name: `migrate-${schema}`,
      image: imageOf(`${schema}-svc`),
      variables: Object.keys(env),
      command: ["node", "src/migrate.ts"],
    });
    await children.run(`migrate-${schema}`, command, { env, stdio: "ignore", order: 0 });
  }
  const addresses: Addresses = {};
  const processes: ServiceProcess[] = [];
  const faults: string[] = [];
  for (const name of SERVICES) {
    const env = { ...serviceEnv(name, settings, addresses), ...portsOf(name) };
    const command = engine.commandOf({ name, image: imageOf(name), variables: Object.keys(env) });
    const logFile = join(folder, `${name}.log`);
    rmSync(logFile, { force: true });
    const process = new ServiceProcess({ children, name, command, env, logFile });
    await process.start();
    processes.push(process);
    if (name !== "bff") {
      addresses[keyOf(name)] = `localhost:${process.port("grpcPort")}`;
    }
    faults.push(...(await faultsOfRunning(engine, process)));
  }
  for (const process of processes.reverse()) {
    faults.push(...(await faultsOfStopping(process)));
  }
  return faults;
}

async function openSystem(session: Session, say: (text: string) => void): Promise<SystemSettings> {
  const { children, folder, onStop } = session;
  const { passwords, keyEncryptionKey, passSecret } = rememberedSecrets(folder);
  const stores = await openStores({ folder: join(folder, "stores"), children, say, onStop });
  const mysqlUrls = await createSchemas(stores.mysqlUrl, { passwords });
  const { mysqlType, redisUrl } = stores;
  return { mysqlUrls, mysqlType, redisUrl, keyEncryptionKey, passSecret, logLevel: "info" };
}

async function faultsOfRunning(engine: ContainerEngine, process: ServiceProcess) {
  const { name } = process;
  const port = process.port(name === "bff" ? "adminPort" : "httpPort");
  const found = await engine.podman("exec", name, "node", "--eval", LOOK_AROUND);
  return [
    ...((await isReadyInTime(port)) ? [] : [`${name} is not ready:\n${process.lastLines(5)}`]),
    ...(found === WANTED ? [] : [`${name} is ${found}, and should be ${WANTED}`]),
  ];
}

async function faultsOfStopping(process: ServiceProcess): Promise<string[]> {
  const startTime = performance.now();
  await process.stop();
  const tookMs = Math.round(performance.now() - startTime);
  const { name, exitCode } = process;
  const isClean = exitCode === 0 && tookMs < STOP_DEADLINE_MS;
  return isClean ? [] : [`${name} ended with ${exitCode} ${tookMs} ms after SIGTERM`];
}

async function isReadyInTime(port: number): Promise<boolean> {
  const giveUpTime = Date.now() + READY_DEADLINE_MS;
  while (Date.now() < giveUpTime) {
    if (await isReady(port)) {
      return true;
    }
    await setTimeout(100);
  }
  return false;
}

function portsOf(name: ServiceName): Record<string, string> {
  return name === "bff" ? { PORT: "0", ADMIN_PORT: "0" } : { GRPC_PORT: "0", HTTP_PORT: "0" };
}

function keyOf(name: Exclude<ServiceName, "bff">): keyof Addresses {
  return name === "inventory-svc" ? "inventory" : name === "user-svc" ? "user" : "reservation";
}

function imageOf(workload: ServiceName): string {
  return `localhost/tessera/${workload}:latest`;
}
