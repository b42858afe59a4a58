import { setImmediate } from "node:timers/promises";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { Batcher } from "../src/batcher.ts";
import { Lifecycle } from "../src/lifecycle.ts";
import { ServiceError } from "../src/service-error.ts";
import { currentSpan, inSpan } from "../src/span.ts";
import { parseTraceparent } from "../src/trace-context.ts";
import { startTracing } from "../src/tracing.ts";
import { loggerTo, SECRET, useTracing } from "./use-tracing.ts";

describe("tracing", () => {
  const traced = useTracing();

  it("goes on with the caller's trace, and says what happened in words of a list", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const caller = parseTraceparent(`00-${traceId}-b7ad6b7169203331-01`);
    const span = traced.tracing.serverSpan("GET", caller, { "http.request.method": "GET" });
    const unlisted = { "http.route": "/v1/users", "user.email": SECRET };
    span.end({ name: "GET /v1/users", attributes: unlisted, errorType: "INTERNAL" });
    span.end({ name: "twice" });
    const [one] = await traced.exported(span, 1);
    expect(one).to.deep.include({
      service: "test",
      name: "GET /v1/users",
      kind: "server",
      traceId,
      parentSpanId: "b7ad6b7169203331",
      isError: true,
      attributes: {
        "http.request.method": "GET",
        "http.route": "/v1/users",
        "error.type": "INTERNAL",
      },
    });
    expect(parseTraceparent(span.traceparent)).to.deep.equal({
      traceId,
      spanId: one?.spanId,
      isSampled: true,
    });
  });

  it("knows the span that code works for, until it has ended", async () => {
    const span = traced.root();
    const ended = Promise.withResolvers<void>();
    const { seen, later } = inSpan(span, () => ({
      seen: setImmediate().then(() => currentSpan()),
      later: ended.promise.then(() => currentSpan()),
    }));
    expect(currentSpan()).to.equal(undefined);
    expect(await seen).to.equal(span);
    span.end();
    ended.resolve();
    expect(await later).to.equal(undefined);
  });

  describe("of a batch", () => {
    const started = Promise.withResolvers<void>();
    const batcher = new Batcher<string, string>({
      name: "the test queue",
      run: async (entries) => {
        currentSpan()?.child(`run ${entries.length}`, { kind: "internal" }).end();
        if (entries[0] === "first") {
          await started.promise;
        }
        if (entries.includes("fail")) {
          throw new ServiceError("OVERLOADED", SECRET);
        }
        return entries;
      },
      maxBatch: 10,
      maxInFlight: 1,
      maxQueue: 100,
    });

    it("is a child of the first that is recorded, and linked with the others", async () => {
      const [ann, ben, cleo] = [traced.root("ann"), traced.root("ben"), traced.root("cleo")];
      const first = batcher.submit("first");
      await setImmediate();
      const rest = [
        batcher.submit("of nobody"),
        inSpan(ann, () => batcher.submit("ann's")),
        inSpan(ben, () => batcher.submit("ben's")),
        inSpan(ben, () => batcher.submit("ben's second")),
      ];
      started.resolve();
      await Promise.all([first, ...rest]);
      await inSpan(cleo, () => batcher.submit("alone"));
      const none = await batcher.submit("of nobody").then(() => currentSpan());
      expect(none).to.equal(undefined);
      for (const span of [ann, ben, cleo]) {
        span.end();
      }
      const spans = await traced.exported(ann, 3);
      const batch = spans.find(({ name }) => name === "batch of the test queue");
      expect(batch).to.deep.include({
        parentSpanId: ann.spanId,
        links: [ben.spanId],
        attributes: { "tessera.batch.size": 4 },
        isError: false,
      });
      expect(spans.find(({ name }) => name === "run 4")?.parentSpanId).to.equal(batch?.spanId);
      expect((await traced.exported(ben, 1)).map(({ links }) => links)).to.deep.equal([
        [batch?.spanId],
      ]);
      // The work of a single one needs no span of its own.
      const alone = await traced.exported(cleo, 2);
      expect(alone.map(({ name }) => name)).to.have.members(["run 1", "cleo"]);
      expect(alone.find(({ name }) => name === "run 1")?.parentSpanId).to.equal(cleo.spanId);
    });

    it("says what kind of failure it had, and no more", async () => {
      const span = traced.root();
      const both = inSpan(span, () => [batcher.submit("fail"), batcher.submit("fail")]);
      await Promise.allSettled(both);
      span.end();
      const spans = await traced.exported(span, 3);
      const batch = spans.find(({ name }) => name === "batch of the test queue");
      expect(batch?.attributes).to.include({ "error.type": "OVERLOADED" });
      expect(spans.map(({ text }) => text).join()).not.to.include(SECRET);
    });
  });

  describe("when the collector is in trouble", () => {
    it("says so once, drops what it must, and goes on when it is back", async () => {
      traced.lines.length = 0;
      for (const _attempt of [1, 2]) {
        traced.collector.mood = "refuses";
        const before = traced.collector.exports;
        traced.root().end();
        await until("it was exported", () => traced.collector.exports > before);
      }
      traced.collector.mood = "takes";
      const span = traced.root();
      span.end();
      await traced.exported(span, 1);
      expect(traced.lines.map(({ level, msg }) => [level, msg])).to.deep.equal([
        ["warn", "spans cannot be exported; they are dropped"],
      ]);
    });

    it("does not keep the process from its end", async () => {
      traced.collector.mood = "hangs";
      const before = traced.collector.exports;
      for (let count = 0; count < 5_000; count += 1) {
        traced.root().end();
      }
      await traced.lifecycle.close();
      // Until the exports are given up there is more time than a test may take.
      expect(traced.collector.exports).to.be.greaterThan(before);
    });
  });
});

describe("without a collector", () => {
  it("nothing is traced", async () => {
    const lifecycle = new Lifecycle();
    const off = await startTracing({
      service: "test",
      endpoint: undefined,
      logger: loggerTo([]),
      lifecycle,
    });
    expect(off).to.equal(undefined);
    await lifecycle.close();
  });
});
