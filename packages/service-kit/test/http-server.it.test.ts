import type { RequestListener } from "node:http";
import { connect } from "node:net";
import { expect } from "chai";
import { Registry } from "prom-client";
import { adminListener, listenHttp, notFound, stopHttp } from "../src/http-server.ts";

describe("the HTTP port", () => {
  it("answers 500 when metrics fail, and 503 when readiness fails without a word", async () => {
    const registry = new Registry();
    registry.metrics = () => Promise.reject(new Error("a gauge threw"));
    const readiness = { check: () => Promise.reject("no"), isStopping: () => false };
    const { server, port } = await listenHttp(adminListener(registry, readiness, notFound), 0);
    const url = `http://127.0.0.1:${port}`;
    expect((await fetch(`${url}/metrics?a=b`)).status).to.equal(500);
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.text()]).to.deep.equal([503, "not ready\n"]);
    expect((await fetch(`${url}/else`)).status).to.equal(404);
    await stopHttp(server, 1_000);
  });

  it("lets a request in flight finish when it stops", async () => {
    const release = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const { server, port } = await listenHttp((_request, response) => {
      started.resolve();
      void release.promise.then(() => response.end("done"));
    }, 0);
    const answer = fetch(`http://127.0.0.1:${port}/`);
    await started.promise;
    // Longer than a test may take: the kept-alive connection must not hold it up.
    const stopped = stopHttp(server, 60_000);
    release.resolve();
    expect(await (await answer).text()).to.equal("done");
    await stopped;
  });

  it("cuts off a request that does not finish in time", async () => {
    const started = Promise.withResolvers<void>();
    const { server, port } = await listenHttp(() => started.resolve(), 0);
    const answer = fetch(`http://127.0.0.1:${port}/`).catch((reason: unknown) => reason);
    await started.promise;
    await stopHttp(server, 20);
    expect(await answer).to.be.instanceOf(TypeError);
  });

  it("cuts off who takes too long to send a request, be it answered or not", async () => {
    const bounds = { headMs: 100, wholeMs: 200, lookEveryMs: 20 };
    const listener: RequestListener = (request, response) => {
      if (request.url === "/early") {
        response.end("no need to go on\n");
      }
    };
    const { server, port } = await listenHttp(listener, 0, bounds);
    const head = "POST /late HTTP/1.1\r\nHost: x\r\n";
    const early = "POST /early HTTP/1.1\r\nHost: x\r\n";
    for (const [sent, status] of [
      ["POST", 408],
      [head, 408],
      [`${head}Content-Length: 2\r\n\r\n{`, 408],
      [`${early}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`, 200],
    ] as const) {
      const socket = connect(port, "127.0.0.1");
      socket.write(sent);
      const chunks: Buffer[] = await socket.toArray();
      expect(Buffer.concat(chunks).toString(), sent).to.match(new RegExp(`^HTTP/1.1 ${status} `));
    }
    await stopHttp(server, 1_000);
  });

  it("has bounds of seconds unless told otherwise", async () => {
    const { server } = await listenHttp(notFound, 0);
    expect(server.headersTimeout).to.equal(10_000);
    expect(server.requestTimeout).to.equal(15_000);
    await stopHttp(server, 1_000);
  });

  it("says which port is taken", async () => {
    const { server, port } = await listenHttp(notFound, 0);
    const failure = await listenHttp(notFound, port).catch((reason: unknown) => reason);
    expect(failure).to.have.property("message").that.includes(`cannot listen on port ${port}`);
    await stopHttp(server, 1_000);
  });
});
