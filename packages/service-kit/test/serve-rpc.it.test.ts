import { createClient } from "@connectrpc/connect";
import { Client, credentials, loadPackageDefinition } from "@grpc/grpc-js";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { WaitingRoomService } from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import { expect } from "chai";
import { service as healthDefinition } from "grpc-health-check";
import { GrpcTransport } from "../src/grpc-client.ts";
import { Lifecycle } from "../src/lifecycle.ts";
import type { Logger } from "../src/logger.ts";
import { createRegistry } from "../src/metrics.ts";
import { served as pair, serveRpc } from "../src/serve-rpc.ts";
import { dependencyUnavailable, ServiceError } from "../src/service-error.ts";
import { eventService, type OnGetEvent, roomService } from "./served.ts";

type Line = { level: string; msg: string; [field: string]: unknown };

describe("serveRpc", () => {
  const lines: Line[] = [];
  const served: { getEvent: OnGetEvent; checkReady: () => Promise<void> } = {
    getEvent: async ({ eventId }) => ({ event: { id: eventId } }),
    checkReady: () => Promise.resolve(),
  };
  const drain = Promise.withResolvers<void>();
  const lifecycle = new Lifecycle();
  let ports = { grpcPort: 0, httpPort: 0 };
  let url = "";

  before(async () => {
    // Closed last, so that the test can look at a server that drains.
    lifecycle.onClose("test", () => drain.resolve());
    ports = await serveRpc({
      services: [
        pair(
          InventoryService,
          eventService((request, context) => served.getEvent(request, context)),
        ),
        pair(WaitingRoomService, roomService()),
      ],
      domain: "test",
      grpcPort: 0,
      httpPort: 0,
      logger: loggerTo(lines),
      registry: createRegistry("test"),
      lifecycle,
      checkReady: () => served.checkReady(),
      drainMs: 300,
      graceMs: 1_000,
    });
    url = `http://127.0.0.1:${ports.httpPort}`;
  });
  after(() => lifecycle.close());

  it("says on which ports it serves", () => {
    expect(lines[0]).to.deep.include({ level: "info", msg: "serving", ...ports });
  });

  it("answers Connect's JSON", async () => {
    const response = await call(url, { eventId: "e-1" });
    expect(response.status).to.equal(200);
    expect(await response.json()).to.deep.equal({ event: { id: "e-1" } });
  });

  it("logs one line a call, with its request id, and bugs whole", async () => {
    lines.length = 0;
    served.getEvent = async ({ eventId }) => ({ event: { id: eventId } });
    await call(url, {}, { "x-request-id": "r-1" });
    served.getEvent = () => Promise.reject(new ServiceError("EVENT_NOT_FOUND", "none"));
    expect((await call(url, {})).status).to.equal(404);
    served.getEvent = () => Promise.reject(dependencyUnavailable("mysql", new Error("away")));
    expect((await call(url, {})).status).to.equal(503);
    const bug = new TypeError("hunter2");
    served.getEvent = () => Promise.reject(bug);
    const response = await call(url, {});
    expect(response.status).to.equal(500);
    expect(await response.text()).not.to.include("hunter2");
    const told = lines.map(({ level, code, requestId }) => [level, code, requestId]);
    expect(told).to.deep.equal([
      ["info", "OK", "r-1"],
      ["info", "NOT_FOUND", undefined],
      ["warn", "UNAVAILABLE", undefined],
      ["error", "INTERNAL", undefined],
    ]);
    expect(lines[3]).to.include({ method: "GetEvent", err: bug });
  });

  it("takes a long deadline, and tells what is wrong with one that is too long", async () => {
    served.getEvent = async ({ eventId }) => ({ event: { id: eventId } });
    const longest = await call(url, {}, { "connect-timeout-ms": String(2 ** 31 - 1) });
    expect(longest.status).to.equal(200);
    for (const timeoutMs of [2 ** 31, 9_999_999_999]) {
      const response = await call(url, {}, { "connect-timeout-ms": String(timeoutMs) });
      expect([response.status, await response.json()]).to.deep.equal([
        400,
        { code: "invalid_argument", message: `timeout ${timeoutMs}ms must be <= 2147483647` },
      ]);
    }
  });

  it("counts calls by outcome", async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).to.match(/grpc_server_handled_total\{[^}]*grpc_code="NOT_FOUND"[^}]*\} 1/);
    expect(text).to.match(/grpc_server_handling_seconds_count\{[^}]*grpc_method="GetEvent"/);
    expect(text).to.include("nodejs_eventloop_lag_seconds");
  });

  it("answers 404 on what it does not serve", async () => {
    expect((await fetch(`${url}/nothing`)).status).to.equal(404);
  });

  it("serves each of its services on both ports", async () => {
    const response = await fetch(`${url}/${WaitingRoomService.typeName}/LeaveWaitingRoom`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect([response.status, await response.json()]).to.deep.equal([200, {}]);
    const transport = new GrpcTransport({
      address: `127.0.0.1:${ports.grpcPort}`,
      defaultTimeoutMs: 5_000,
    });
    const rooms = createClient(WaitingRoomService, transport);
    const events = createClient(InventoryService, transport);
    expect((await rooms.getDraw({ eventId: "e-1" })).draw?.eventId).to.equal("e-1");
    served.getEvent = async ({ eventId }) => ({ event: { id: eventId } });
    expect((await events.getEvent({ eventId: "e-1" })).event?.id).to.equal("e-1");
    transport.close();
  });

  it("answers gRPC health for the server and for each service", async () => {
    for (const name of ["", InventoryService.typeName, WaitingRoomService.typeName]) {
      expect(await healthOf(ports.grpcPort, name)).to.equal("SERVING");
    }
  });

  it("answers gRPC reflection with the services' descriptors", async () => {
    const names = await reflectedServices(ports.grpcPort);
    expect(names).to.include(InventoryService.typeName);
    expect(names).to.include(WaitingRoomService.typeName);
  });

  it("is live whatever happens, and ready while its check passes", async () => {
    expect((await fetch(`${url}/livez`)).status).to.equal(200);
    expect((await fetch(`${url}/readyz`)).status).to.equal(200);
    served.checkReady = () => Promise.reject(new Error("mysql is unavailable"));
    const unready = await fetch(`${url}/readyz`);
    expect(unready.status).to.equal(503);
    expect(await unready.text()).to.equal("mysql is unavailable\n");
    expect((await fetch(`${url}/livez`)).status).to.equal(200);
    served.checkReady = () => Promise.resolve();
  });

  it("logs once that it is not ready, and why, and once that it is again", async () => {
    const ask = () => fetch(`${url}/readyz`);
    await ask();
    lines.splice(0);
    served.checkReady = () => Promise.reject(new Error("mysql is unavailable"));
    await ask();
    await ask();
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include({ level: "warn", msg: "not ready" });
    expect(lines[0]?.err)
      .to.be.instanceOf(Error)
      .and.to.include({ message: "mysql is unavailable" });
    served.checkReady = () => Promise.resolve();
    await ask();
    await ask();
    expect(lines).to.have.length(2);
    expect(lines[1]).to.include({ level: "info", msg: "ready again" });
  });

  it("says first that it stops, and goes on serving while it drains", async () => {
    served.getEvent = async ({ eventId }) => ({ event: { id: eventId } });
    lines.splice(0);
    const closed = lifecycle.close();
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).to.equal(503);
    expect(await ready.text()).to.equal("stopping\n");
    expect(lines.some(({ msg }) => msg === "not ready")).to.equal(false);
    for (const name of ["", InventoryService.typeName, WaitingRoomService.typeName]) {
      expect(await healthOf(ports.grpcPort, name)).to.equal("NOT_SERVING");
    }
    expect((await call(url, { eventId: "late" })).status).to.equal(200);
    await closed;
    await drain.promise;
    const failure = await fetch(`${url}/livez`).catch((reason: unknown) => reason);
    expect(failure).to.be.instanceOf(TypeError);
  });

  it("stops on both ports at the same time", async () => {
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const closing = new Lifecycle();
    const { grpcPort, httpPort } = await serveRpc({
      services: [
        pair(
          InventoryService,
          eventService(async ({ eventId }) => {
            begun.resolve();
            await gate.promise;
            return { event: { id: eventId } };
          }),
        ),
      ],
      domain: "test",
      grpcPort: 0,
      httpPort: 0,
      logger: loggerTo([]),
      registry: createRegistry("test"),
      lifecycle: closing,
      checkReady: () => Promise.resolve(),
      drainMs: 0,
      graceMs: 60_000,
    });
    const answer = call(`http://127.0.0.1:${httpPort}`, { eventId: "e-1" });
    await begun.promise;
    const closed = closing.close();
    let serves = true;
    while (serves) {
      serves = await healthOf(grpcPort, "").then(
        () => true,
        () => false,
      );
    }
    gate.resolve();
    expect((await answer).status).to.equal(200);
    await closed;
  });
});

function call(url: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/${InventoryService.typeName}/GetEvent`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

function loggerTo(lines: Line[]): Logger {
  const write =
    (level: string) =>
    (...said: [fields: object, msg: string] | [msg: string]) => {
      const [fields, msg] = said.length === 1 ? [{}, said[0]] : said;
      lines.push({ ...fields, level, msg });
    };
  return { info: write("info"), warn: write("warn"), error: write("error") } as unknown as Logger;
}

async function healthOf(port: number, service: string): Promise<string> {
  const { Health } = loadPackageDefinition({ Health: healthDefinition });
  const client = new (Health as unknown as new (...all: unknown[]) => HealthClient)(
    `127.0.0.1:${port}`,
    credentials.createInsecure(),
  );
  try {
    return await new Promise((resolve, reject) => {
      client.check({ service }, (failure, answer) =>
        failure === null ? resolve(answer.status) : reject(failure),
      );
    });
  } finally {
    client.close();
  }
}

interface HealthClient extends Client {
  check(
    request: { service: string },
    done: (failure: Error | null, answer: { status: string }) => void,
  ): void;
}

/** Asks as grpcurl does: field 7 of the request is list_services, 6 of the answer its result. */
async function reflectedServices(port: number): Promise<string> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const stream = client.makeBidiStreamRequest(
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => bytes.toString("latin1"),
  );
  try {
    return await new Promise((resolve, reject) => {
      stream.on("data", resolve);
      stream.on("error", reject);
      stream.write(Buffer.from([0x3a, 0x01, 0x2a]));
      stream.end();
    });
  } finally {
    client.close();
  }
}
