import { setTimeout } from "node:timers/promises";
import { Code, createClient, type Client as TypedClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Client, credentials, Server } from "@grpc/grpc-js";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { failureOf } from "@tessera/testkit/call-failure";
import { expect } from "chai";
import { GrpcTransport } from "../src/grpc-client.ts";
import { addService, listen, type OnCall, stop } from "../src/grpc-server.ts";
import { fromGrpcStatus } from "../src/rpc-status.ts";
import { dependencyUnavailable, ServiceError } from "../src/service-error.ts";
import { eventService, type OnGetEvent } from "./served.ts";

type Call = Parameters<OnCall>[0];

describe("gRPC over a real port", () => {
  const served: { getEvent: OnGetEvent } = { getEvent: (...call) => answer(...call) };
  const calls: Call[] = [];
  let server: Server;
  let port = 0;
  let transport: GrpcTransport;
  let client: TypedClient<typeof InventoryService>;

  before(async () => {
    server = newServer(served, calls);
    port = await listen(server, 0);
    transport = new GrpcTransport({ address: `127.0.0.1:${port}`, defaultTimeoutMs: 5_000 });
    client = createClient(InventoryService, transport);
  });
  beforeEach(() => {
    served.getEvent = answer;
    calls.length = 0;
  });
  after(async () => {
    transport.close();
    await stop(server, 1_000);
  });

  it("answers a typed client, and tells of the call", async () => {
    const { event } = await client.getEvent(
      { eventId: "e-1" },
      { headers: { "x-request-id": "r-1" } },
    );
    expect(event?.id).to.equal("e-1");
    expect(calls).to.have.length(1);
    expect(calls[0]).to.include({ code: "OK", thrown: undefined });
    expect(calls[0]?.method.name).to.equal("GetEvent");
    expect(calls[0]?.headers.get("x-request-id")).to.equal("r-1");
  });

  it("answers connect-node's own gRPC client", async () => {
    const foreign = createClient(
      InventoryService,
      createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` }),
    );
    expect((await foreign.getEvent({ eventId: "e-2" })).event?.id).to.equal("e-2");
    served.getEvent = () => Promise.reject(new ServiceError("EVENT_NOT_FOUND", "none"));
    const failure = await failureOf(foreign.getEvent({ eventId: "e-2" }));
    expect(failure).to.include({ code: Code.NotFound, reason: "EVENT_NOT_FOUND", domain: "test" });
  });

  it("carries a ServiceError's reason and metadata to the caller", async () => {
    const thrown = new ServiceError("SOLD_OUT", "gone", { metadata: { ticketTypeId: "t" } });
    served.getEvent = () => Promise.reject(thrown);
    expect(await failureOf(client.getEvent({ eventId: "e" }))).to.deep.equal({
      code: Code.FailedPrecondition,
      message: "gone",
      reason: "SOLD_OUT",
      domain: "test",
      metadata: { ticketTypeId: "t" },
    });
    expect(calls[0]).to.include({ code: "FAILED_PRECONDITION", thrown });
  });

  it("says nothing of a bug to the caller, and all of it to the observer", async () => {
    const bug = new TypeError("hunter2 is undefined");
    served.getEvent = () => Promise.reject(bug);
    const failure = await failureOf(client.getEvent({ eventId: "e" }));
    expect(failure).to.include({ code: Code.Internal, message: "internal error" });
    expect(JSON.stringify(failure)).not.to.include("hunter2");
    expect(calls[0]).to.include({ code: "INTERNAL", thrown: bug });
  });

  it("refuses bytes that are no message, and tells of the call", async () => {
    const raw = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const path = `/${InventoryService.typeName}/GetEvent`;
    const asIs = (bytes: Buffer) => bytes;
    // A field of 36 bytes that are not there; text that is not UTF-8.
    for (const bytes of [Buffer.from([10, 36]), Buffer.from([10, 1, 0xff])]) {
      const call = new Promise((resolve, reject) => {
        raw.makeUnaryRequest(path, asIs, asIs, bytes, (failure, answered) =>
          failure === null ? resolve(answered) : reject(fromGrpcStatus(failure)),
        );
      });
      expect(await failureOf(call)).to.include({
        code: Code.InvalidArgument,
        reason: "MALFORMED_REQUEST",
      });
    }
    raw.close();
    expect(calls.map(({ code }) => code)).to.deep.equal(["INVALID_ARGUMENT", "INVALID_ARGUMENT"]);
  });

  it("takes an answer that is no message for the service's bug", async () => {
    const asIs = (bytes: Buffer) => bytes;
    const path = `/${InventoryService.typeName}/GetEvent`;
    const own = new Server();
    own.addService(
      {
        getEvent: {
          ...{ path, requestStream: false, responseStream: false },
          ...{ requestSerialize: asIs, requestDeserialize: asIs },
          ...{ responseSerialize: asIs, responseDeserialize: asIs },
        },
      },
      {
        getEvent: (_call: unknown, callback: (failure: null, bytes: Buffer) => void) =>
          callback(null, Buffer.from([10, 36])),
      },
    );
    const address = `127.0.0.1:${await listen(own, 0)}`;
    const ownTransport = new GrpcTransport({ address, defaultTimeoutMs: 5_000 });
    const call = createClient(InventoryService, ownTransport).getEvent({ eventId: "e" });
    const failure: unknown = await call.catch((reason: unknown) => reason);
    expect(failure)
      .to.be.an.instanceOf(Error)
      .with.property("message", "the answer to GetEvent is no GetEventResponse");
    ownTransport.close();
    await stop(own, 1_000);
  });

  it("carries the caller's deadline, and gives up when it has passed", async () => {
    const seen = Promise.withResolvers<number | undefined>();
    const aborted = Promise.withResolvers<void>();
    served.getEvent = (_request, context) => {
      seen.resolve(context.timeoutMs());
      return new Promise((_resolve, reject) => {
        context.signal.addEventListener("abort", () => {
          aborted.resolve();
          reject(dependencyUnavailable("test", context.signal.reason));
        });
      });
    };
    const failure = await failureOf(client.getEvent({ eventId: "e" }, { timeoutMs: 200 }));
    expect(failure.code).to.equal(Code.DeadlineExceeded);
    expect(await seen.promise).to.be.within(0, 200);
    await aborted.promise;
  });

  it("gives calls without a deadline the default one", async () => {
    const hasty = new GrpcTransport({ address: `127.0.0.1:${port}`, defaultTimeoutMs: 100 });
    served.getEvent = untilAborted;
    const failure = await failureOf(createClient(InventoryService, hasty).getEvent({}));
    expect(failure.code).to.equal(Code.DeadlineExceeded);
    hasty.close();
  });

  it("may be tried again when the server closed the connection on too many cancelled calls", async () => {
    let arrived = 0;
    let arrival = Promise.withResolvers<void>();
    served.getEvent = (request, context) => {
      arrived += 1;
      arrival.resolve();
      return untilAborted(request, context);
    };
    const arrivals = async (count: number) => {
      while (arrived < count) {
        arrival = Promise.withResolvers();
        await arrival.promise;
      }
    };
    const rushed = new GrpcTransport({ address: `127.0.0.1:${port}`, defaultTimeoutMs: 60_000 });
    const impatient = createClient(InventoryService, rushed);
    const patient = failureOf(impatient.getEvent({ eventId: "patient" }));
    // Node's HTTP/2 takes more than a thousand at once for an attack.
    for (const round of [1, 2]) {
      const gone = new AbortController();
      const calls = Array.from({ length: 600 }, () =>
        failureOf(impatient.getEvent({ eventId: "hasty" }, { signal: gone.signal })),
      );
      await arrivals(1 + 600 * round);
      gone.abort();
      await Promise.all(calls);
    }
    expect(await patient).to.include({ code: Code.Unavailable });
    rushed.close();
  });

  it("tells the handler when the caller has gone", async () => {
    const abort = new AbortController();
    const gone = Promise.withResolvers<void>();
    served.getEvent = (request, context) => {
      context.signal.addEventListener("abort", () => gone.resolve());
      abort.abort();
      return untilAborted(request, context);
    };
    const call = client.getEvent({ eventId: "e" }, { signal: abort.signal });
    expect((await failureOf(call)).code).to.equal(Code.Canceled);
    await gone.promise;
  });

  it("does not start a call whose caller has gone", async () => {
    const call = client.getEvent({ eventId: "e" }, { signal: AbortSignal.abort() });
    expect((await failureOf(call)).code).to.equal(Code.Canceled);
    expect(calls).to.have.length(0);
  });

  it("finds a restarted server again", async () => {
    const own = newServer(served, []);
    const ownPort = await listen(own, 0);
    const address = `127.0.0.1:${ownPort}`;
    const ownTransport = new GrpcTransport({ address, defaultTimeoutMs: 2_000 });
    const caller = createClient(InventoryService, ownTransport);
    await caller.getEvent({ eventId: "e" });
    own.forceShutdown();
    expect((await failureOf(caller.getEvent({ eventId: "e" }))).code).to.equal(Code.Unavailable);
    const again = newServer(served, []);
    await listen(again, ownPort);
    const deadline = Date.now() + 10_000;
    let id: string | undefined;
    while (id === undefined && Date.now() < deadline) {
      id = await caller.getEvent({ eventId: "back" }).then(
        ({ event }) => event?.id,
        () => setTimeout(20, undefined),
      );
    }
    expect(id).to.equal("back");
    ownTransport.close();
    await stop(again, 1_000);
  });

  it("lets calls in flight finish when it stops, for a bounded time", async () => {
    const own = newServer(served, []);
    const address = `127.0.0.1:${await listen(own, 0)}`;
    const ownTransport = new GrpcTransport({ address, defaultTimeoutMs: 5_000 });
    const caller = createClient(InventoryService, ownTransport);
    const started = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    served.getEvent = async ({ eventId }) => {
      started.resolve();
      await release.promise;
      return { event: { id: eventId } };
    };
    const call = caller.getEvent({ eventId: "last" });
    await started.promise;
    const stopped = stop(own, 10_000);
    release.resolve();
    expect((await call).event?.id).to.equal("last");
    ownTransport.close();
    await stopped;

    const stuck = newServer({ getEvent: () => new Promise(() => undefined) }, []);
    const stuckAddress = `127.0.0.1:${await listen(stuck, 0)}`;
    const other = new GrpcTransport({ address: stuckAddress, defaultTimeoutMs: 5_000 });
    const hanging = failureOf(createClient(InventoryService, other).getEvent({}));
    await new Promise((resolve) => setImmediate(resolve));
    await stop(stuck, 50);
    expect([Code.Unavailable, Code.Canceled, Code.Internal]).to.include((await hanging).code);
    other.close();
  });

  it("says which port is taken", async () => {
    const other = new Server();
    const failure = await listen(other, port).catch((reason: unknown) => reason);
    expect(failure).to.have.property("message").that.includes(`cannot listen on port ${port}`);
  });

  it("refuses to serve a service without a handler for each method", () => {
    const { getEvent: _omitted, ...rest } = eventService(answer);
    const incomplete = rest as ReturnType<typeof eventService>;
    const options = { domain: "test", onCall: () => undefined };
    expect(() => addService(new Server(), InventoryService, incomplete, options)).to.throw(
      "GetEvent has no handler",
    );
  });
});

/** Waits for the end of the call: a handler that outlives it would hold up the end of the tests. */
const untilAborted: OnGetEvent = (_request, { signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });

const answer: OnGetEvent = async ({ eventId }) => ({ event: { id: eventId } });

function newServer(served: { getEvent: OnGetEvent }, calls: Call[]): Server {
  const server = new Server();
  const implementation = eventService((request, context) => served.getEvent(request, context));
  addService(server, InventoryService, implementation, {
    domain: "test",
    onCall: (call) => calls.push(call),
  });
  return server;
}
