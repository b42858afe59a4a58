import { join } from "node:path";
import { ServiceProcess } from "@tessera/testkit/service-process";
import type { ServiceName } from "@tessera/testkit/services";
import type { Children } from "@tessera/testkit/stores/children";
import { freePort } from "@tessera/testkit/stores/ports";
import { WallClock } from "./wall-clock.ts";
import type { Replica } from "./world.ts";

/** What the processes of a world are run with. */
export interface ReplicasOptions {
  folder: string;
  children: Children;
  commandOf: (service: ServiceName) => readonly string[];
  /** Without ports. */
  envOf: (service: ServiceName) => Readonly<Record<string, string>>;
}

/** The processes of every service: who is there, and who is called. */
export class Replicas {
  readonly #options: ReplicasOptions;
  readonly #all: Replica[] = [];
  /** How many there have been of each service. */
  readonly #counts = new Map<ServiceName, number>();
  /** Those that come to serve, and may be called soon. */
  readonly #coming = new Set<ServiceProcess>();
  #isClosed = false;

  constructor(options: ReplicasOptions) {
    this.#options = options;
  }

  /** Oldest first. */
  of(service: ServiceName): readonly Replica[] {
    return this.#all.filter((replica) => replica.service === service);
  }

  /** Where those that are called serve. One that was killed is among them, and refuses. */
  portsOf(service: ServiceName): readonly number[] {
    const name = service === "bff" ? "port" : "grpcPort";
    return this.of(service).map((replica) => replica.process.port(name));
  }

  /** One more; resolves when it serves, and is called from then on. */
  async add(service: ServiceName): Promise<Replica> {
    const { folder, children, commandOf, envOf } = this.#options;
    const number = (this.#counts.get(service) ?? 0) + 1;
    this.#counts.set(service, number);
    const name = `${service}-${number}`;
    const clock = new WallClock(join(folder, `${name}.clock`));
    const process = new ServiceProcess({
      children,
      name,
      command: commandOf(service),
      env: { ...envOf(service), ...clock.env, ...(await freePorts(service)) },
      logFile: join(folder, `${name}.log`),
    });
    if (this.#isClosed) {
      throw new Error(`${name} came too late`);
    }
    this.#coming.add(process);
    await process.start();
    this.#coming.delete(process);
    const replica = {
      service,
      name,
      process,
      stepClock: (byMs: number) => clock.step(process, byMs),
    };
    this.#all.push(replica);
    return replica;
  }

  /** One fewer: nobody calls it any more, and it drains and ends. */
  async remove(replica: Replica): Promise<void> {
    const place = this.#all.indexOf(replica);
    if (place === -1) {
      throw new Error(`there is no ${replica.name}`);
    }
    this.#all.splice(place, 1);
    await replica.process.stop();
  }

  /** All of them end, and none comes any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const serving = this.#all.splice(0).map((replica) => replica.process);
    await Promise.all([...serving, ...this.#coming].map((process) => process.stop()));
  }
}

/**
 * Ports that the system gives to nobody else, so that a killed process finds them free when it is
 * started again.
 */
async function freePorts(service: ServiceName): Promise<Record<string, string>> {
  const [calls, probes] = [String(await freePort()), String(await freePort())];
  return service === "bff"
    ? { PORT: calls, ADMIN_PORT: probes }
    : { GRPC_PORT: calls, HTTP_PORT: probes };
}
