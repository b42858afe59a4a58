import { createClient } from "@connectrpc/connect";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { expect } from "chai";
import { GrpcTransport } from "../src/grpc-client.ts";
import { Lifecycle } from "../src/lifecycle.ts";
import { createRegistry } from "../src/metrics.ts";
import { served, serveRpc } from "../src/serve-rpc.ts";
import { ServiceError } from "../src/service-error.ts";
import { currentSpan, inSpan, type Span } from "../src/span.ts";
import { eventService, type OnGetEvent } from "./served.ts";
import { type Line, loggerTo, SECRET, useTracing } from "./use-tracing.ts";

describe("spans of calls", () => {
  const traced = useTracing();
  const calls = new Lifecycle();
  const handler: { getEvent: OnGetEvent } = {
    getEvent: async ({ eventId }) => ({ event: { id: eventId } }),
  };
  const told: Line[] = [];
  let ports = { grpcPort: 0, httpPort: 0 };
  let transport: GrpcTransport;
  before(async () => {
    ports = await serveRpc({
      services: [
        served(
          InventoryService,
          eventService((request, context) => handler.getEvent(request, context)),
        ),
      ],
      domain: "test",
      grpcPort: 0,
      httpPort: 0,
      logger: loggerTo(told),
      registry: createRegistry("test"),
      lifecycle: calls,
      checkReady: () => Promise.resolve(),
      drainMs: 0,
      graceMs: 1_000,
      tracing: traced.tracing,
    });
    const address = `127.0.0.1:${ports.grpcPort}`;
    transport = new GrpcTransport({ address, defaultTimeoutMs: 5_000 });
  });
  after(async () => {
    transport.close();
    await calls.close();
  });
  beforeEach(() => void told.splice(0));

  it("connects client and server, and tells the log", async () => {
    const client = createClient(InventoryService, transport);
    let inside: Span | undefined;
    handler.getEvent = async ({ eventId }) => {
      inside = currentSpan();
      return { event: { id: eventId } };
    };
    const span = traced.root();
    await inSpan(span, () => client.getEvent({ eventId: "e-1" }));
    span.end();
    const spans = await traced.exported(span, 3);
    const [caller, callee] = ["client", "server"].map((kind) =>
      spans.find((one) => one.kind === kind && one.name.endsWith("/GetEvent")),
    );
    const method = "tessera.inventory.v1.InventoryService/GetEvent";
    const attributes = {
      "rpc.system.name": "grpc",
      "rpc.method": method,
      "rpc.status_code": "OK",
    };
    const same = { name: method, attributes, isError: false };
    expect(caller).to.deep.include({ ...same, parentSpanId: span.spanId });
    expect(callee).to.deep.include({ ...same, parentSpanId: caller?.spanId });
    expect(inside?.spanId).to.equal(callee?.spanId);
    expect(told.at(-1)).to.include({ traceId: span.traceId, spanId: callee?.spanId });
  });

  it("tells faults from refusals", async () => {
    const client = createClient(InventoryService, transport);
    for (const [reason, isError] of [
      ["SOLD_OUT", false],
      ["DEPENDENCY_UNAVAILABLE", true],
    ] as const) {
      handler.getEvent = () => Promise.reject(new ServiceError(reason, SECRET));
      const span = traced.root();
      await inSpan(span, () => client.getEvent({}).catch(() => undefined));
      span.end();
      const spans = (await traced.exported(span, 3)).filter(({ name }) => name !== "root");
      expect(spans.map((one) => one.isError)).to.deep.equal([isError, isError]);
      expect(spans.map(({ text }) => text).join()).not.to.include(SECRET);
    }
  });

  it("keeps the trace of calls that nobody records, and gives one to those without", async () => {
    handler.getEvent = async () => {
      expect(currentSpan()).to.equal(undefined);
      return { event: { id: "e-1" } };
    };
    const client = createClient(InventoryService, transport);
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const traceparent = `00-${traceId}-b7ad6b7169203331-00`;
    await client.getEvent({}, { headers: { traceparent } });
    await client.getEvent({});
    const address = `http://127.0.0.1:${ports.httpPort}/${InventoryService.typeName}/GetEvent`;
    const headers = { "content-type": "application/json" };
    await fetch(address, { method: "POST", headers, body: "{}" });
    const traces = told.map((line) => String(line.traceId));
    expect(traces).to.have.length(3);
    expect(traces[0]).to.equal(traceId);
    expect(traces[1]).to.match(/^[0-9a-f]{32}$/);
    expect(traces[2]).to.match(/^[0-9a-f]{32}$/);
    expect(told.every(({ spanId }) => spanId === undefined)).to.equal(true);
  });

  it("records what arrives as Connect's JSON, too", async () => {
    handler.getEvent = async ({ eventId }) => ({ event: { id: eventId } });
    const span = traced.root();
    const address = `http://127.0.0.1:${ports.httpPort}/${InventoryService.typeName}/GetEvent`;
    const headers = { "content-type": "application/json", traceparent: span.traceparent };
    await fetch(address, { method: "POST", headers, body: "{}" });
    span.end();
    const spans = await traced.exported(span, 2);
    expect(spans[0]).to.include({ kind: "server", parentSpanId: span.spanId });
  });
});
