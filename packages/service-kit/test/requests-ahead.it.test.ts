import type { RequestListener } from "node:http";
import { connect, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { notFound } from "../src/admin-listener.ts";
import { HttpPort } from "../src/http-port.ts";

const REQUEST = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
/** Without a listener of its own, Node answers these by itself. */
const EXPECTING = "GET / HTTP/1.1\r\nHost: x\r\nExpect: nothing\r\n\r\n";
const CONNECT = "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n";

describe("requests that are sent ahead of the answers", () => {
  let http: HttpPort;
  let socket: Socket;
  const connected = () => connect(http.port, "127.0.0.1").on("error", () => undefined);
  const open = async (listener: RequestListener) => {
    http = await HttpPort.open(listener, 0, { onBroken: (_failure, broken) => broken.destroy() });
    socket = connected();
  };
  afterEach(async () => {
    socket.destroy();
    await http.close(0);
  });

  for (const [what, request] of [
    ["plain", REQUEST],
    ["with an expectation", EXPECTING],
  ] as const) {
    it(`end the connection when they are many, ${what}`, async () => {
      let begun = 0;
      await open(() => {
        begun += 1;
      });
      socket.resume().write(request.repeat(5_000));
      while (!socket.closed && begun <= 4) {
        await setImmediate();
      }
      expect(begun).to.equal(4);
      await until("it is ended, and counted once", () => socket.closed && http.sentAhead === 1);
    });
  }

  it("are closed with their connection, whatever came behind them, and count no longer", async () => {
    let [begun, closed] = [0, 0];
    await open((_request, response) => {
      begun += 1;
      response.once("close", () => {
        closed += 1;
      });
    });
    // As many as may be ahead of an answer, over all connections.
    const sockets = Array.from({ length: 333 }, connected);
    for (const each of sockets) {
      each.resume().write(REQUEST.repeat(4) + CONNECT);
    }
    await until("all connections are ended", () => sockets.every((each) => each.closed));
    await until("all responses are closed", () => closed === begun);
    expect([begun, http.sentAhead]).to.deep.equal([4 * 333, 0]);
    begun = 0;
    socket.write(REQUEST.repeat(4));
    await until("as many as ever are begun", () => begun === 4 || socket.closed);
    expect([begun, http.sentAhead]).to.deep.equal([4, 0]);
  });

  it("are answered when they are few, again and again", async () => {
    await open(notFound);
    let answered = 0;
    socket.on("data", (chunk: Buffer) => {
      answered += chunk.toString().split("HTTP/1.1 404").length - 1;
    });
    for (const expected of [4, 8, 12]) {
      socket.write(REQUEST.repeat(4));
      while (answered < expected && !socket.closed) {
        await setImmediate();
      }
      expect(answered).to.equal(expected);
    }
  });

  it("end connections when they are many together, until those have gone", async () => {
    const begun = new Map<Socket, number>();
    await open((request) => {
      begun.set(request.socket, (begun.get(request.socket) ?? 0) + 1);
    });
    for (const time of [1, 2]) {
      begun.clear();
      const sockets = Array.from({ length: 400 }, connected);
      for (const each of sockets) {
        each.resume().write(REQUEST.repeat(4));
      }
      const closed = () => sockets.filter((each) => each.closed).length;
      const full = () =>
        [...begun].filter(([each, count]) => count === 4 && !each.destroyed).length;
      while (closed() + full() < sockets.length) {
        await setImmediate();
      }
      expect(full()).to.equal(333);
      expect(http.sentAhead).to.equal(67 * time);
      for (const each of sockets) {
        each.destroy();
      }
      while (http.connections > 1) {
        await setImmediate();
      }
    }
  });
});
