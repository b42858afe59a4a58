import type { HttpPort } from "@tessera/service-kit/http-port";
import { Counter, Gauge, type Registry } from "prom-client";

/** Tells how many clients are connected to the public port, and how many found no room. */
export function observeConnections(port: HttpPort, registry: Registry): void {
  new Gauge({
    name: "tessera_connections",
    help: "Connections to the public port.",
    registers: [registry],
    collect() {
      this.set(port.connections);
    },
  });
  new Counter({
    name: "tessera_connections_turned_away_total",
    help: "Connections that were closed at once, since there were MAX_CONNECTIONS.",
    registers: [registry],
    collect() {
      this.reset();
      this.inc(port.turnedAway);
    },
  });
}
