import { Gauge, type Registry } from "prom-client";
import type { DataSource } from "typeorm";
import { poolOf } from "./mysql.ts";
import { isSilent } from "./mysql-pulse.ts";

/** The part of mysql2's pool that it keeps to itself and that nothing else tells. */
interface PoolQueues {
  _allConnections: { length: number };
  _freeConnections: { length: number };
  _connectionQueue: { length: number };
}

/** Tells, at each scrape, how a schema's pool is used, and whether its server answers at all. */
export function mysqlMetrics(source: DataSource, registry: Registry): void {
  const outer = poolOf(source);
  const pool = outer.pool as unknown as PoolQueues;
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
  new Gauge({
    name: "tessera_mysql_silent",
    help: "1 while the server answers nobody, and callers are told so at once.",
    registers: [registry],
    collect() {
      this.set(isSilent(outer) ? 1 : 0);
    },
  });
}
