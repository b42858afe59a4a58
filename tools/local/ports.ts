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

/** Reads the ports: a flag before a variable before the default. */
export function readPorts(flags: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv): Ports {
  return portsOf((name) => {
    const { flag, env: variable, fallback } = PORT_SETTINGS[name];
    const given = flags[flag] ?? env[variable];
    const port = Number(given ?? fallback);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new OperatorError(`--${flag} (or ${variable}) must be a port from 1 to 65535.`);
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
  const problems = found.filter((problem) => problem !== undefined);
  if (problems.length > 0) {
    throw new OperatorError(problems.join("\n"));
  }
}

async function problemOf(
  name: keyof Ports,
  ports: Ports,
  say: (text: string) => void,
): Promise<string | undefined> {
  const port = ports[name];
  const { flag, env } = PORT_SETTINGS[name];
  if (NAMES.some((other) => other !== name && ports[other] === port)) {
    return `Port ${port} is given to more than one (--${flag}).`;
  }
  const choose = `Choose another with "npm start -- --${flag} ${port + 1}" or ${env}=${port + 1}.`;
  const deadline = performance.now() + ENDED_MS;
  for (let isFirst = true; ; isFirst = false) {
    const refusal = await portRefusal(port);
    if (refusal === undefined) {
      return undefined;
    }
    if (refusal === "EACCES") {
      return `Port ${port} may not be listened on by this user. ${choose}`;
    }
    if (await isPortServed(port)) {
      return `Port ${port} is taken by another program. ${choose}`;
    }
    if (performance.now() > deadline) {
      return `Port ${port} is held by a connection that does not end. ${choose}`;
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
