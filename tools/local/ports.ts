import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { freePort, isPortFree } from "@tessera/testkit/stores/ports";

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

/** @throws OperatorError that names the taken ports and how to choose others. */
export async function checkPorts(ports: Ports): Promise<void> {
  const problems: string[] = [];
  for (const name of NAMES) {
    const port = ports[name];
    if (NAMES.some((other) => other !== name && ports[other] === port)) {
      problems.push(`Port ${port} is given to more than one (--${PORT_SETTINGS[name].flag}).`);
    } else if (!(await isPortFree(port))) {
      const { flag, env } = PORT_SETTINGS[name];
      problems.push(
        `Port ${port} is taken by another program. Choose another for it with ` +
          `"npm start -- --${flag} ${port + 1}" or ${env}=${port + 1}.`,
      );
    }
  }
  if (problems.length > 0) {
    throw new OperatorError(problems.join("\n"));
  }
}

function portsOf(portOf: (name: keyof Ports) => number): Ports {
  return Object.fromEntries(NAMES.map((name) => [name, portOf(name)])) as unknown as Ports;
}
