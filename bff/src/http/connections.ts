import type { HttpPort } from "@tessera/service-kit/http-port";
import { Counter, Gauge, type Registry } from "prom-client";

/** Tells how many clients are connected to the public port, and how many had to go. */
export function observeConnections(port: HttpPort, registry: Registry): void {
  new Gauge({
    name: "tessera_connections",
    help: "Connections to the public port.",
    registers: [registry],
    collect() {
      this.set(port.connections);
    },
  });
  const counter = (name: string, help: string, of: (port: HttpPort) => number) =>
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(of(port));
      },
    });
  counter(
    "tessera_connections_turned_away_total",
    "Connections that were closed at once, since there were MAX_CONNECTIONS.",
    ({ turnedAway }) => turnedAway,
  );
  counter(
    "tessera_connections_sent_ahead_total",
    "Connections that were ended, since more requests were sent on them than are answered.",
    ({ sentAhead }) => sentAhead,
  );
}
