import { connect } from "node:net";
import { HttpPort } from "@tessera/service-kit/http-port";
import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import { Registry } from "prom-client";
import { observeConnections } from "../src/http/connections.ts";

describe("connections", () => {
  it("are counted, and so are those that found no room", async () => {
    const http = await HttpPort.open(() => {}, 0, { maxConnections: 2 });
    const registry = new Registry();
    observeConnections(http, registry);
    const sockets = Array.from({ length: 5 }, () =>
      connect(http.port, "127.0.0.1")
        .on("error", () => {})
        .resume(),
    );
    await untilTrue(() => sockets.filter(({ closed }) => closed).length === 3);
    // Each look tells all of them, and none twice.
    for (const _look of [1, 2]) {
      const text = await registry.metrics();
      expect(text).to.match(/^tessera_connections 2$/m);
      expect(text).to.match(/^tessera_connections_turned_away_total 3$/m);
    }
    for (const socket of sockets) {
      socket.destroy();
    }
    await http.close(0);
  });

  it("that send more requests than are answered are ended, and counted", async () => {
    const http = await HttpPort.open(() => {}, 0);
    const registry = new Registry();
    observeConnections(http, registry);
    const [greedy, patient] = [5_000, 4].map((requests) => {
      const socket = connect(http.port, "127.0.0.1").on("error", () => {});
      socket.resume().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(requests));
      return socket;
    });
    await untilTrue(() => greedy?.closed === true);
    const text = await registry.metrics();
    expect(text).to.match(/^tessera_connections_sent_ahead_total 1$/m);
    expect(text).to.match(/^tessera_connections_turned_away_total 0$/m);
    patient?.destroy();
    await http.close(0);
  });
});
