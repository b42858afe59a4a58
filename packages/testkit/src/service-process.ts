import type { ChildProcess } from "node:child_process";
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, statSync } from "node:fs";
import { setImmediate, setTimeout } from "node:timers/promises";
import { type Children, isRunning } from "./stores/children.ts";
import { Restartable } from "./stores/restartable.ts";
import { lastLines, openFreshLog } from "./stores/store-server.ts";

/** What one process of a service needs to be run. */
export interface ServiceProcessOptions {
  children: Children;
  /** Unique among the children. */
  name: string;
  command: readonly string[];
  /** Its settings; a port of 0 is replaced by the port it got, when it is started again. */
  env: Readonly<Record<string, string>>;
  /** Gets everything the process prints. */
  logFile: string;
}

/** The ports a process said it serves on: `port` and `adminPort`, or `grpcPort` and `httpPort`. */
export type ServingPorts = Readonly<Record<string, number>>;

/** How long a process may take to serve, in milliseconds. */
const START_DEADLINE_MS = 45_000;
/** Services stop before the stores. */
const STOP_ORDER = 1;

const PORT_SETTINGS: Readonly<Record<string, string>> = {
  grpcPort: "GRPC_PORT",
  httpPort: "HTTP_PORT",
  port: "PORT",
  adminPort: "ADMIN_PORT",
};

/** A service in a process of its own, which can be killed, paused and started again in place. */
export class ServiceProcess extends Restartable {
  readonly name: string;
  readonly logFile: string;
  readonly #options: ServiceProcessOptions;
  #ports: ServingPorts | undefined;

  constructor(options: ServiceProcessOptions) {
    super();
    this.name = options.name;
    this.logFile = options.logFile;
    this.#options = options;
  }

  /** The port with this name in its "serving" line; it stays the same over restarts. */
  port(name: "grpcPort" | "httpPort" | "port" | "adminPort"): number {
    const port = this.#ports?.[name];
    if (port === undefined) {
      throw new Error(`${this.name} serves no ${name}`);
    }
    return port;
  }

  /** The number of the process that runs, or ran last. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** What it ended with; null while it runs, and when a signal killed it. */
  get exitCode(): number | null {
    return this.child?.exitCode ?? null;
  }

  /** Starts it; resolves when it serves. */
  async start(): Promise<void> {
    // The first launch begins the log anew, whatever an earlier process left in it.
    const isFirst = this.child === undefined;
    const offset = !isFirst && existsSync(this.logFile) ? statSync(this.logFile).size : 0;
    const child = this.launch();
    this.#ports = await this.#serving(child, offset);
  }

  /** Starts it without waiting; the child is returned so that its end can be seen. */
  override launch(): ChildProcess {
    const { children, name, command, env } = this.#options;
    const log = this.child === undefined ? openFreshLog(this.logFile) : openSync(this.logFile, "a");
    const child = children.spawn(name, command, {
      env: { ...env, ...portEnv(this.#ports ?? {}) },
      stdio: ["ignore", log, log],
      order: STOP_ORDER,
    });
    closeSync(log);
    // Without a listener it would end this process.
    child.once("error", (reason) => appendFileSync(this.logFile, `${reason}\n`));
    this.child = child;
    return child;
  }

  /** Stops it unless it has ended already, and starts it on the same ports. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** The last lines that it printed. */
  lastLines(count: number): string {
    return lastLines(this.logFile, count);
  }

  /** The error that it ended with: the line with the message. Undefined when it told none. */
  override lastWords(): string | undefined {
    const lines = this.lastLines(40)
      .split("\n")
      .filter((line) => /^\S/.test(line));
    const error = lines.slice(-5).findLast((line) => /^\w*Error\b/.test(line));
    return error?.slice(0, 300);
  }

  async #serving(child: ChildProcess, offset: number): Promise<ServingPorts> {
    const giveUpTime = Date.now() + START_DEADLINE_MS;
    // Why one could not be started at all is told a moment later.
    await setImmediate();
    while (Date.now() < giveUpTime && isRunning(child)) {
      const ports = servingPorts(readFileSync(this.logFile).subarray(offset).toString("utf8"));
      if (ports !== undefined) {
        return ports;
      }
      await setTimeout(20);
    }
    throw new Error(`${this.name} did not come to serve; its last words:\n${this.lastLines(10)}`);
  }
}

/** The ports in the line that every service logs when it serves. */
function servingPorts(log: string): ServingPorts | undefined {
  const line = log
    .split("\n")
    .find((text) => text.includes('"msg":"serving"') && text.endsWith("}"));
  if (line === undefined) {
    return undefined;
  }
  const fields = Object.entries(JSON.parse(line) as Record<string, unknown>);
  return Object.fromEntries(
    fields.filter((field): field is [string, number] => {
      const [name, value] = field;
      return name in PORT_SETTINGS && typeof value === "number";
    }),
  );
}

function portEnv(ports: ServingPorts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(ports).map(([name, port]) => [PORT_SETTINGS[name] ?? name, String(port)]),
  );
}
