import type { Footprint, ProcessFootprint } from "./footprint.ts";

/**
 * What may be there afterwards that was not before, and why:
 *
 * - memory: V8 collects when it must, not when it could. A heap may have grown by a young
 *   generation (16 MiB a half) and what it has not swept yet; no process may need more than the
 *   250 MiB that a container gives it;
 * - files and sockets: pools open connections when they are first needed, up to 16 to MySQL, and
 *   keep them; clients and neighbours keep a few alive between requests;
 * - connections to MySQL: every pool of the processes that there are now may be full;
 * - clients of Redis: the lab itself looks at it as well.
 */
const MAY_GROW = { rssMib: 96, heapMib: 64, files: 64, sockets: 64, redisClients: 4 };
const MOST_RSS_MIB = 250;
/** `MYSQL_POOL_SIZE`, by the beginning of a process's name; the BFF has none. */
const POOLS: readonly [start: string, connections: number][] = [
  ["inventory-svc", 16],
  ["reservation-svc", 16],
  ["user-svc", 8],
];
/** The jobs of a quiet system: one connection each for sweeps, relay, probes and the audit. */
const BUSY_WHEN_QUIET = 4;

/**
 * What was left behind, each in a sentence; empty when nothing was. Both footprints are those of a
 * quiet system: nobody buys any more, and what had to be swept is swept.
 */
export function leftBehind(before: Footprint, after: Footprint): string[] {
  return [
    ...after.processes.flatMap((process) =>
      leftInProcess(
        before.processes.find(({ name, pid }) => name === process.name && pid === process.pid),
        process,
      ),
    ),
    ...leftInStores(before, after),
  ];
}

/** One that was started meanwhile has nothing to be compared with. */
function leftInProcess(before: ProcessFootprint | undefined, after: ProcessFootprint): string[] {
  const { name } = after;
  const grown = (["rssMib", "heapMib", "files", "sockets"] as const).flatMap((what) => {
    const [had, has] = [before?.[what] ?? after[what], after[what]];
    return has > had + MAY_GROW[what]
      ? [`${name}: ${what} ${Math.round(had)} before, ${Math.round(has)} after`]
      : [];
  });
  return [
    ...grown,
    ...atMost(`${name}: rssMib`, after.rssMib, MOST_RSS_MIB),
    ...atMost(`${name}: connections in use`, after.busyConnections, BUSY_WHEN_QUIET),
    ...atMost(`${name}: callers that wait for a connection`, after.waitingCallers, 0),
  ];
}

function leftInStores(before: Footprint, after: Footprint): string[] {
  const pools = after.processes.map(
    ({ name }) => POOLS.find(([start]) => name.startsWith(start))?.[1] ?? 0,
  );
  const most = pools.reduce((sum, connections) => sum + connections, 0);
  const clients = (before.redisClients ?? 0) + MAY_GROW.redisClients;
  return [
    ...atMost("connections to MySQL", after.mysqlConnections, most),
    ...atMost("old transactions", after.oldTransactions, 0),
    ...(before.redisClients === undefined
      ? []
      : atMost("clients of Redis", after.redisClients, clients)),
    ...atMost("locks of events", after.locks, 0),
  ];
}

function atMost(what: string, value: number | undefined, most: number): string[] {
  if (value === undefined) {
    return [`${what}: nobody could tell`];
  }
  return value > most ? [`${what}: ${Math.round(value)}, ${most} at most`] : [];
}
