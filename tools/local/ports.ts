import { setTimeout as delay } from "node:timers/promises";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { freePort, isPortServed, portRefusal } from "@tessera/testkit/stores/ports";

/** The ports of a local system, by what listens on them. */
export interface Ports {
  bff: number;
  bffAdmin: number;
  inventoryGrpc: number;
  inventoryHttp: number;
  reservationGrpc: number;
  reservationHttp: number;
  userGrpc: number;
  userHttp: number;
}

/** Where a port is set, and what it is otherwise. */
interface PortSetting {
  flag: string;
  env: string;
  fallback: number;
}

/** The flags and variables that set the ports. */
export const PORT_SETTINGS: Readonly<Record<keyof Ports, PortSetting>> = {
  bff: { flag: "port", env: "PORT", fallback: 8080 },
  bffAdmin: { flag: "admin-port", env: "ADMIN_PORT", fallback: 9050 },
  inventoryGrpc: { flag: "inventory-grpc-port", env: "INVENTORY_GRPC_PORT", fallback: 50051 },
  inventoryHttp: { flag: "inventory-http-port", env: "INVENTORY_HTTP_PORT", fallback: 9051 },
  reservationGrpc: { flag: "reservation-grpc-port", env: "RESERVATION_GRPC_PORT", fallback: 50052 },
  reservationHttp: { flag: "reservation-http-port", env: "RESERVATION_HTTP_PORT", fallback: 9052 },
  userGrpc: { flag: "user-grpc-port", env: "USER_GRPC_PORT", fallback: 50053 },
  userHttp: { flag: "user-http-port", env: "USER_HTTP_PORT", fallback: 9053 },
};

const NAMES = Object.keys(PORT_SETTINGS) as (keyof Ports)[];

const MAX_PORT = 65_535;

/** Reads the ports: a flag before a variable before the default. */
export function readPorts(flags: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv): Ports {
  return portsOf((name) => {
    const { flag, env: variable, fallback } = PORT_SETTINGS[name];
    const given = flags[flag] ?? env[variable];
    const port = Number(given ?? fallback);
    if (!Number.isInteger(port) || port < 1 || port > MAX_PORT) {
      throw new OperatorError(`--${flag} (or ${variable}) must be a port from 1 to ${MAX_PORT}.`);
    }
    return port;
  });
}

/** Ports that nothing listens on now. */
export async function freePorts(): Promise<Ports> {
  const found = new Set<number>();
  while (found.size < NAMES.length) {
    found.add(await freePort());
  }
  const list = [...found];
  return portsOf((name) => list[NAMES.indexOf(name)] ?? 0);
}

/** How long a system keeps the port of a connection that has ended, in milliseconds, and a bit. */
const ENDED_MS = 65_000;
const LOOK_AGAIN_MS = 250;

/**
 * Resolves once all ports can be listened on. Of one that a connection held when it ended, and nobody
 * listens on, it waits for the system to give it back, a minute at most, and says so.
 *
 * @throws OperatorError that names the others and how to choose.
 */
export async function checkPorts(ports: Ports, say: (text: string) => void): Promise<void> {
  const found = await Promise.all(NAMES.map((name) => problemOf(name, ports, say)));
  // One after the other, so that no two are told the same port.
  const taken = new Set(Object.values(ports));
  const lines: string[] = [];
  for (const problem of found.filter((one) => one !== undefined)) {
    lines.push(`${problem.text} ${await choiceFor(problem.name, ports[problem.name], taken)}`);
  }
  if (lines.length > 0) {
    throw new OperatorError(lines.join("\n"));
  }
}

/** How to choose the next port that is free, and not in `taken`, to which it is added. */
async function choiceFor(name: keyof Ports, from: number, taken: Set<number>): Promise<string> {
  let port = from + 1;
  while (port <= MAX_PORT && (taken.has(port) || (await portRefusal(port)) !== undefined)) {
    port += 1;
  }
  const choice = port <= MAX_PORT ? port : await freePort();
  taken.add(choice);
  const { flag, env } = PORT_SETTINGS[name];
  return `Choose another with "npm start -- --${flag} ${choice}" or ${env}=${choice}.`;
}

interface Problem {
  name: keyof Ports;
  text: string;
}

async function problemOf(
  name: keyof Ports,
  ports: Ports,
  say: (text: string) => void,
): Promise<Problem | undefined> {
  const port = ports[name];
  if (NAMES.some((other) => other !== name && ports[other] === port)) {
    return { name, text: `Port ${port} is given to more than one.` };
  }
  const deadline = performance.now() + ENDED_MS;
  for (let isFirst = true; ; isFirst = false) {
    const refusal = await portRefusal(port);
    if (refusal === undefined) {
      return undefined;
    }
    if (refusal === "EACCES") {
      return { name, text: `Port ${port} may not be listened on by this user.` };
    }
    if (await isPortServed(port)) {
      return { name, text: `Port ${port} is taken by another program.` };
    }
    if (performance.now() > deadline) {
      return { name, text: `Port ${port} is held by a connection that does not end.` };
    }
    if (isFirst) {
      say(`Port ${port} is held by a connection that has just ended; a minute at most …`);
    }
    await delay(LOOK_AGAIN_MS);
  }
}

function portsOf(portOf: (name: keyof Ports) => number): Ports {
  return Object.fromEntries(NAMES.map((name) => [name, portOf(name)])) as unknown as Ports;
}
