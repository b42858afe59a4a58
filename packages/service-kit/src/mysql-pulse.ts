import type { Pool as CallbackPool } from "mysql2";
import { createConnection, type Pool } from "mysql2/promise";
import { codeOf } from "./mysql-failure.ts";
import { driverTls, type MysqlTls } from "./mysql-tls.ts";
import { Pulse } from "./pulse.ts";

/**
 * How long one question waits for the server's greeting, in milliseconds. After a failover the
 * name leads elsewhere, so it is asked anew; but a server that was paused finds every connection
 * that gave up on it, and bars an address of which there are too many (`max_connect_errors`).
 */
const GREETING_TIMEOUT_MS = 3_000;

const PULSES = new WeakMap<CallbackPool, Pulse>();

/** From now on `whileAnswering` knows whether the server behind `pool` has fallen silent. */
export function listenTo(
  pool: CallbackPool,
  server: { url: string; tls?: MysqlTls | undefined },
): void {
  PULSES.set(pool, new Pulse({ name: "mysql", ask: () => isAnswering(server) }));
}

/**
 * Settles as `work` does, or rejects with DEPENDENCY_UNAVAILABLE once the pool's server is silent:
 * within a second of the beginning, or at once when that is known already.
 */
export function whileAnswering<T>(pool: Pool, work: () => Promise<T>): Promise<T> {
  const pulse = pulseOf(pool);
  return pulse === undefined ? work() : pulse.watch(work);
}

/** Resolves to whether the pool's server greets a new connection, however busy the pool is. */
export async function hasPulse(pool: Pool): Promise<boolean> {
  return (await pulseOf(pool)?.hasPulse()) ?? false;
}

/** True while it is known that the pool's server does not answer anybody. */
export function isSilent(pool: Pool): boolean {
  return pulseOf(pool)?.isSilent === true;
}

function pulseOf({ pool }: Pool): Pulse | undefined {
  // Its type says less than what it is.
  return PULSES.get(pool as unknown as CallbackPool);
}

/** A connection of its own tells: those of the pool may all be busy. A refusal is an answer. */
async function isAnswering({ url, tls = "off" }: { url: string; tls?: MysqlTls | undefined }) {
  try {
    const options = { uri: url, connectTimeout: GREETING_TIMEOUT_MS, ...driverTls(tls) };
    const connection = await createConnection(options);
    // A broken connection that nobody listens to would end the process.
    connection.on("error", () => undefined);
    connection.end().catch(() => undefined);
    return true;
  } catch (reason) {
    return codeOf(reason) !== "ETIMEDOUT";
  }
}
