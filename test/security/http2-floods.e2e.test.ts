import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:http2";
import type { Socket } from "node:net";
import { Code, createClient } from "@connectrpc/connect";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { GrpcTransport } from "@tessera/service-kit/grpc-client";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { useSharedSystem } from "../shared-system.ts";
import { metricOf } from "../watch.ts";
import { aliveCheck } from "./fuzz-settings.ts";
import { untilClosed } from "./raw-http.ts";
import { callHeaders, END_HEADERS, FRAME, frame, headerBlock, openHttp2 } from "./raw-http2.ts";

/** What a flood may leave behind at most, in bytes of resident memory. */
const GROWTH_MAX = 100 * 1024 * 1024;
/** A server that has not hung up by then does not, in milliseconds. */
const HANG_UP_MS = 10_000;

const PATH = `/${InventoryService.typeName}/GetEvent`;
const HEADERS = headerBlock(callHeaders(PATH));
/** A client's streams have odd numbers. */
const streamOf = (index: number) => 2 * index + 1;
const open = (index: number, flags = END_HEADERS) =>
  frame(FRAME.headers, { flags, stream: streamOf(index), payload: HEADERS });

/** Each is sent on a connection of its own, which the server must end. */
const FLOODS: Readonly<Record<string, () => Buffer[]>> = {
  "streams that are opened and reset at once": () =>
    many(3_000, (index) => [
      open(index),
      frame(FRAME.rstStream, { stream: streamOf(index), payload: Buffer.from([0, 0, 0, 8]) }),
    ]),
  "more streams than may be open": () => many(3_000, (index) => [open(index)]),
  "pings whose answers nobody reads": () =>
    many(20_000, () => [frame(FRAME.ping, { payload: Buffer.alloc(8) })]),
  "settings whose answers nobody reads": () => many(20_000, () => [frame(FRAME.settings)]),
  "one setting, thousands of times in a frame": () => [
    frame(FRAME.settings, { payload: Buffer.alloc(6 * 2_000, Buffer.from([0, 3, 0, 0, 0, 1])) }),
  ],
  "headers that go on and on": () => [
    open(0, 0),
    ...many(3_000, (index) => [
      frame(FRAME.continuation, { stream: 1, payload: headerBlock({ [`x-${index}`]: "y" }) }),
    ]),
  ],
  "headers that go on without saying anything": () => [
    open(0, 0),
    ...many(10_000, () => [frame(FRAME.continuation, { stream: 1 })]),
  ],
  "data for nobody": () =>
    many(20_000, (index) => [
      frame(FRAME.data, { stream: streamOf(index), payload: Buffer.alloc(100) }),
    ]),
  "a frame larger than agreed": () => [
    open(0),
    frame(FRAME.data, { stream: 1, payload: Buffer.alloc(1_000_000) }),
  ],
};

describe("a flood of HTTP/2", () => {
  const system = useSharedSystem();
  const target = () => system.processes["inventory-svc"][0];
  const port = () => target()?.port("grpcPort") ?? 0;
  const memory = () => metricOf(target(), "process_resident_memory_bytes");
  let checkAlive: () => void;
  let transport: GrpcTransport;
  let memoryBefore: number;
  before(async () => {
    checkAlive = aliveCheck(system);
    transport = new GrpcTransport({ address: `127.0.0.1:${port()}`, defaultTimeoutMs: 10_000 });
    await expectServed();
    memoryBefore = await memory();
  });
  after(() => transport.close());
  afterEach(async () => {
    checkAlive();
    await expectServed();
  });

  /** Somebody else, on another connection. */
  async function expectServed(): Promise<void> {
    const events = createClient(InventoryService, transport);
    const failure = await events.getEvent({ eventId: randomUUID() }).catch((reason) => reason);
    expect(failure).to.have.property("code", Code.NotFound);
  }

  for (const [what, flood] of Object.entries(FLOODS)) {
    it(`ends with the connection: ${what}`, async () => {
      const socket = await openHttp2(port());
      if (!what.includes("nobody reads")) {
        socket.resume();
      }
      socket.write(Buffer.concat(flood()));
      await expectServed();
      // A server that hung up is noticed by who reads.
      socket.resume();
      await untilClosed(socket, HANG_UP_MS);
    });
  }

  it("of calls that never end keeps nobody waiting, and frees what it held", async () => {
    const streams = 900;
    const half = Buffer.concat([Buffer.from([0, 0, 0, 255, 255]), Buffer.alloc(50)]);
    const sockets = await Promise.all(many(3, () => [openHttp2(port())]));
    for (const socket of sockets) {
      socket.resume();
      socket.write(
        Buffer.concat(
          many(streams, (index) => [
            open(index),
            frame(FRAME.data, { stream: streamOf(index), payload: half }),
          ]),
        ),
      );
    }
    await expectServed();
    await endAll(sockets);
  });

  it("of messages that are too large is refused, whether they come or are only announced", async () => {
    const events = createClient(InventoryService, transport);
    const eventId = "x".repeat(5 * 1024 * 1024);
    const failure = await events.getEvent({ eventId }).catch((reason) => reason);
    expect(failure).to.have.property("code", Code.ResourceExhausted);

    const session = connect(`http://127.0.0.1:${port()}`);
    const call = session.request({ ...callHeaders(PATH), ":authority": "127.0.0.1" });
    const answered = once(call, "response");
    // Four gigabytes, of which none comes.
    call.write(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
    const [headers] = await answered;
    expect(headers["grpc-status"]).to.equal(String(Code.ResourceExhausted));
    expect(session.remoteSettings.maxConcurrentStreams).to.equal(1_000);
    session.destroy();
  });

  it("leaves no memory behind that would not be there anyway", async () => {
    await until(
      "the memory is given back",
      async () => (await memory()) < memoryBefore + GROWTH_MAX,
    );
  });
});

function many<T>(count: number, make: (index: number) => readonly T[]): T[] {
  return Array.from({ length: count }, (_unused, index) => make(index)).flat();
}

async function endAll(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(
    sockets.map(async (socket) => {
      socket.destroy();
      await untilClosed(socket);
    }),
  );
}
