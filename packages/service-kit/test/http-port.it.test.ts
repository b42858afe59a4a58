import type { RequestListener, Server } from "node:http";
import { connect, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { Registry } from "prom-client";
import { adminListener, notFound } from "../src/admin-listener.ts";
import { HttpPort } from "../src/http-port.ts";
import { createLogger } from "../src/logger.ts";

describe("the HTTP port", () => {
  it("answers 500 when metrics fail, and 503 when readiness fails without a word", async () => {
    const registry = new Registry();
    registry.metrics = () => Promise.reject(new Error("a gauge threw"));
    const logger = createLogger({ service: "test", level: "silent" });
    const readiness = { check: () => Promise.reject("no"), isStopping: () => false, logger };
    const http = await HttpPort.open(adminListener(registry, readiness, notFound), 0);
    const url = `http://127.0.0.1:${http.port}`;
    expect((await fetch(`${url}/metrics?a=b`)).status).to.equal(500);
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.text()]).to.deep.equal([503, "not ready\n"]);
    expect((await fetch(`${url}/else`)).status).to.equal(404);
    await http.close(1_000);
  });

  it("tells each scrape whether the process is ready, though nobody asks /readyz", async () => {
    let failure: Error | undefined;
    let isStopping = false;
    const check = () => (failure === undefined ? Promise.resolve() : Promise.reject(failure));
    const logger = createLogger({ service: "test", level: "silent" });
    const readiness = { check, isStopping: () => isStopping, logger };
    const http = await HttpPort.open(adminListener(new Registry(), readiness, notFound), 0);
    const scraped = async () => {
      const lines = (await (await fetch(`http://127.0.0.1:${http.port}/metrics`)).text()).split(
        "\n",
      );
      return lines.find((line) => line.startsWith("tessera_ready"));
    };
    expect(await scraped()).to.equal("tessera_ready 1");
    failure = new Error("mysql is away");
    expect(await scraped()).to.equal("tessera_ready 0");
    failure = undefined;
    expect(await scraped()).to.equal("tessera_ready 1");
    isStopping = true;
    expect(await scraped()).to.equal("tessera_ready 0");
    await http.close(1_000);
  });

  it("lets a request in flight finish when it stops", async () => {
    const release = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const http = await HttpPort.open((_request, response) => {
      started.resolve();
      void release.promise.then(() => response.end("done"));
    }, 0);
    const answer = fetch(`http://127.0.0.1:${http.port}/`);
    await started.promise;
    // Longer than a test may take: the kept-alive connection must not hold it up.
    const stopped = http.close(60_000);
    release.resolve();
    expect(await (await answer).text()).to.equal("done");
    await stopped;
  });

  it("cuts off a request that does not finish in time", async () => {
    const started = Promise.withResolvers<void>();
    const http = await HttpPort.open(() => started.resolve(), 0);
    const answer = fetch(`http://127.0.0.1:${http.port}/`).catch((reason: unknown) => reason);
    await started.promise;
    await http.close(20);
    expect(await answer).to.be.instanceOf(TypeError);
  });

  it("cuts off who takes too long to send a request, be it answered or not", async () => {
    const bounds = { headMs: 100, wholeMs: 200, lookEveryMs: 20 };
    const listener: RequestListener = (request, response) => {
      if (request.url === "/early") {
        response.end("no need to go on\n");
      }
    };
    const http = await HttpPort.open(listener, 0, { bounds });
    const head = "POST /late HTTP/1.1\r\nHost: x\r\n";
    const early = "POST /early HTTP/1.1\r\nHost: x\r\n";
    for (const [sent, status] of [
      ["POST", 408],
      [head, 408],
      [`${head}Content-Length: 2\r\n\r\n{`, 408],
      [`${early}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`, 200],
    ] as const) {
      const socket = connect(http.port, "127.0.0.1");
      socket.write(sent);
      const chunks: Buffer[] = await socket.toArray();
      expect(Buffer.concat(chunks).toString(), sent).to.match(new RegExp(`^HTTP/1.1 ${status} `));
    }
    await http.close(1_000);
  });

  it("cuts them off at each of its listeners", async () => {
    const bounds = { headMs: 100, wholeMs: 200, lookEveryMs: 20 };
    const http = await HttpPort.open(notFound, 0, { bounds, listeners: 4 });
    const sockets = Array.from({ length: 40 }, () => connect(http.port, "127.0.0.1"));
    for (const socket of sockets) {
      socket.write("POST / HTTP/1.1\r\n");
    }
    const answers = await Promise.all(sockets.map((socket) => socket.toArray()));
    for (const chunks of answers) {
      expect(Buffer.concat(chunks).toString()).to.match(/^HTTP\/1.1 408 /);
    }
    await http.close(1_000);
  });

  it("cuts off who takes nothing of an answer", async () => {
    const listener: RequestListener = (_request, response) =>
      // More than the buffers on the way hold.
      response.end(Buffer.alloc(64 * 1024 * 1024));
    const http = await HttpPort.open(listener, 0, { bounds: { stallMs: 100 } });
    const stalled = connect(http.port, "127.0.0.1").on("error", () => undefined);
    stalled.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await until("it is connected", () => http.connections === 1);
    await until("it is cut off", () => http.connections === 0);
    stalled.destroy();
    await http.close(0);
  });

  it("has bounds of seconds unless told otherwise", async () => {
    for (const listeners of [1, 4]) {
      let server: Server | undefined;
      const listener: RequestListener = (request, response) => {
        server = (request.socket as Socket & { server: Server }).server;
        response.end();
      };
      const http = await HttpPort.open(listener, 0, { listeners });
      await fetch(`http://127.0.0.1:${http.port}/`);
      expect(server?.headersTimeout).to.equal(10_000);
      expect(server?.requestTimeout).to.equal(15_000);
      expect(server?.timeout).to.equal(90_000);
      await http.close(1_000);
    }
  });

  it("opens while people try to connect already", async () => {
    const first = await HttpPort.open(notFound, 0, { listeners: 4 });
    const { port } = first;
    await first.close(1_000);
    let isOver = false;
    let answered = 0;
    const knock = async () => {
      while (!isOver) {
        const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
        answered += answer === undefined ? 0 : 1;
      }
    };
    const knocking = Array.from({ length: 8 }, knock);
    for (let time = 1; time <= 20; time += 1) {
      const before = answered;
      const http = await HttpPort.open(notFound, port, { listeners: 4 });
      await until("another one is answered", () => answered > before);
      await http.close(0);
    }
    isOver = true;
    await Promise.all(knocking);
  });

  it("lets a crowd in by as many at a time as it has listeners", async () => {
    const crowd = 200;
    expect(await turnsToLetIn(crowd, 1)).to.be.at.least(crowd);
    expect(await turnsToLetIn(crowd, 16)).to.be.at.most(crowd / 2);
  });

  it("closes the connections that are too many, and serves those that come when others left", async () => {
    const http = await HttpPort.open(notFound, 0, { listeners: 16, maxConnections: 3 });
    const inside = Array.from({ length: 3 }, () => connect(http.port, "127.0.0.1"));
    await until("all three are counted", () => http.connections === 3);
    const tooMany = connect(http.port, "127.0.0.1").on("error", () => undefined);
    tooMany.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await until("the one too many is closed", () => tooMany.resume().closed);
    expect([http.connections, http.turnedAway]).to.deep.equal([3, 1]);
    inside[0]?.destroy();
    await until("one is gone", () => http.connections === 2);
    expect((await fetch(`http://127.0.0.1:${http.port}/`)).status).to.equal(404);
    for (const socket of inside) {
      socket.destroy();
    }
    await http.close(1_000);
    await until("all are gone", () => http.connections === 0);
  });

  it("says which port is taken", async () => {
    for (const listeners of [1, 16]) {
      const http = await HttpPort.open(notFound, 0, { listeners });
      const again = HttpPort.open(notFound, http.port, { listeners });
      const failure = await again.catch((reason: unknown) => reason);
      expect(failure)
        .to.have.property("message")
        .that.includes(`cannot listen on port ${http.port}`);
      await http.close(1_000);
    }
  });
});

/** How many turns of the event loop it takes until so many connections, made at once, are answered. */
async function turnsToLetIn(crowd: number, listeners: number): Promise<number> {
  let answered = 0;
  const listener: RequestListener = (_request, response) => {
    answered += 1;
    response.end();
  };
  const http = await HttpPort.open(listener, 0, { listeners });
  const sockets = Array.from({ length: crowd }, () => connect(http.port, "127.0.0.1"));
  for (const socket of sockets) {
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  let turns = 0;
  while (answered < crowd) {
    await setImmediate();
    turns += 1;
  }
  for (const socket of sockets) {
    socket.destroy();
  }
  await http.close(1_000);
  return turns;
}
