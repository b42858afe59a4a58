import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ServiceProcess } from "@tessera/testkit/service-process";
import {
  type Addresses,
  programOf,
  ROOT,
  type ServiceName,
  serviceEnv,
} from "@tessera/testkit/services";
import { freePort } from "@tessera/testkit/stores/ports";
import { median } from "../tools/local/median.ts";
import { rememberedSecrets } from "../tools/local/secrets.ts";
import type { Session } from "../tools/local/session.ts";
import type { LocalSystem } from "../tools/local/system.ts";
import { run } from "./load.ts";
import type { Bench } from "./scenarios.ts";
import { createEvents, reserving } from "./tessera.ts";

/** What tracing costs: medians of the rounds. */
export interface TracingResult {
  connections: number;
  untraced: Rate;
  traced: Rate;
  /** The traced rate as a share of the untraced one of the same round. */
  ratio: number;
  ratios: number[];
  /** What the sink was sent meanwhile. */
  exported: { exports: number; bytes: number };
}

interface Rate {
  /** Reservations. */
  perSecond: number;
  /** Processor time of the three services for one of them: what else the machine does is not in it. */
  cpuMicros: number;
}

/** The services of the hot path, and how they are reached. */
interface Twin {
  system: LocalSystem;
  services: readonly ServiceProcess[];
}

const CONNECTIONS = 256;
const PLENTY = 10_000_000;
/** What each twin is run for before anything is measured, in seconds. */
const WARM_UP_SECONDS = 8;
/** Of /proc: a hundredth of a second. */
const TICK_MICROS = 10_000;

/**
 * Loads one hot event through services that trace nothing and through others that export to a sink,
 * at the ratio that a BFF samples at by default: in turns, over the same stores. Both are started
 * for this, so that neither is warmer than the other.
 */
export async function compareTracing(
  bench: Bench,
  session: Session,
  rounds: number,
): Promise<TracingResult> {
  const sinkUrl = await startSink(session);
  const twins = {
    untraced: await startTwin(session, bench.system, "untraced", {}),
    traced: await startTwin(session, bench.system, "traced", {
      OTEL_EXPORTER_OTLP_ENDPOINT: sinkUrl,
    }),
  };
  for (const twin of Object.values(twins)) {
    await reserve(bench, twin, WARM_UP_SECONDS * bench.scale);
  }
  const rates: { untraced: Rate; traced: Rate }[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const rate = { untraced: NONE, traced: NONE };
    const order = ["untraced", "traced"] as const;
    // Whoever comes second finds fuller tables: each does so every other time.
    for (const which of round % 2 === 1 ? order : order.toReversed()) {
      rate[which] = await reserve(bench, twins[which], bench.seconds);
      bench.say(`  ${which}: ${describe(rate[which])}`);
    }
    rates.push(rate);
  }
  const ratios = rates.map(({ untraced, traced }) => traced.perSecond / untraced.perSecond);
  const answer = await fetch(sinkUrl);
  return {
    connections: CONNECTIONS,
    untraced: medianOf(rates.map(({ untraced }) => untraced)),
    traced: medianOf(rates.map(({ traced }) => traced)),
    ratio: median(ratios),
    ratios,
    exported: await answer.json(),
  };
}

const NONE: Rate = { perSecond: 0, cpuMicros: 0 };

function medianOf(rates: readonly Rate[]): Rate {
  return {
    perSecond: median(rates.map(({ perSecond }) => perSecond)),
    cpuMicros: median(rates.map(({ cpuMicros }) => cpuMicros)),
  };
}

function describe({ perSecond, cpuMicros }: Rate): string {
  return `${Math.round(perSecond)} a second, ${Math.round(cpuMicros)} µs of processor time each`;
}

async function reserve(bench: Bench, { system, services }: Twin, seconds: number): Promise<Rate> {
  const events = await createEvents(system, 1, { capacity: PLENTY });
  const target = reserving(system, bench.users, events);
  const before = cpuMicrosOf(services);
  const { perSecond, answered } = await run({ ...target, connections: CONNECTIONS, seconds });
  return { perSecond, cpuMicros: (cpuMicrosOf(services) - before) / answered };
}

/** The processor time that processes have taken so far; 0 where there is no /proc. */
function cpuMicrosOf(services: readonly ServiceProcess[]): number {
  return services.reduce((sum, { pid }) => {
    try {
      const [, fields = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
      // Fields 14 and 15 of proc(5), two of which stand before the bracket.
      const [user = 0, kernel = 0] = fields.split(" ").slice(11, 13).map(Number);
      return sum + (user + kernel) * TICK_MICROS;
    } catch {
      return sum;
    }
  }, 0);
}

/** Accounts stay where they are. */
async function startTwin(
  session: Session,
  system: LocalSystem,
  suffix: string,
  env: Readonly<Record<string, string>>,
): Promise<Twin> {
  const { passSecret } = rememberedSecrets(session.folder);
  const settings = { ...system, passSecret, logLevel: "info" as const };
  const services: ServiceProcess[] = [];
  const start = async (service: ServiceName, addresses: Addresses): Promise<ServiceProcess> => {
    const name = `${service}-${suffix}`;
    const one = new ServiceProcess({
      children: session.children,
      name,
      command: programOf(service),
      env: {
        ...serviceEnv(service, settings, addresses),
        ...{ GRPC_PORT: "0", HTTP_PORT: "0", PORT: "0", ADMIN_PORT: "0" },
        ...env,
      },
      logFile: join(system.logFolder, `${name}.log`),
    });
    await one.start();
    services.push(one);
    return one;
  };
  const addressOf = (service: ServiceProcess) => `localhost:${service.port("grpcPort")}`;
  const inventory = addressOf(await start("inventory-svc", {}));
  const reservation = addressOf(await start("reservation-svc", { inventory }));
  const user = `localhost:${system.ports.userGrpc}`;
  const bff = (await start("bff", { inventory, reservation, user })).port("port");
  const ports = { ...system.ports, bff };
  return { system: { ...system, bffUrl: `http://localhost:${bff}`, ports }, services };
}

async function startSink(session: Session): Promise<string> {
  const port = await freePort();
  const program = [process.execPath, join(ROOT, "bench", "trace-sink.ts")];
  const sink = session.children.spawn("trace-sink", program, {
    env: { PATH: process.env.PATH, PORT: String(port) },
    stdio: ["ignore", "pipe", "inherit"],
    order: 1,
  });
  if (sink.stdout !== null) {
    await once(sink.stdout, "data");
  }
  return `http://127.0.0.1:${port}`;
}
