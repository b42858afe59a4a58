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
