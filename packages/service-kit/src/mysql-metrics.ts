import { Gauge, type Registry } from "prom-client";
import type { DataSource } from "typeorm";
import { poolOf } from "./mysql.ts";

/** The part of mysql2's pool that it keeps to itself and that nothing else tells. */
interface PoolQueues {
  _allConnections: { length: number };
  _freeConnections: { length: number };
  _connectionQueue: { length: number };
}

/** Tells, at each scrape, how a schema's pool is used and how many callers wait for it. */
export function mysqlMetrics(source: DataSource, registry: Registry): void {
  const pool = poolOf(source).pool as unknown as PoolQueues;
  new Gauge({
    name: "tessera_mysql_pool_connections",
    help: "Open connections, by what they do.",
    labelNames: ["state"],
    registers: [registry],
    collect() {
      const idle = pool._freeConnections.length;
      this.set({ state: "idle" }, idle);
      this.set({ state: "busy" }, pool._allConnections.length - idle);
    },
  });
  new Gauge({
    name: "tessera_mysql_pool_waiting",
    help: "Callers that wait for a connection.",
    registers: [registry],
    collect() {
      this.set(pool._connectionQueue.length);
    },
  });
}
