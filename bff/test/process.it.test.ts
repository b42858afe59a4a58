import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { ReservationService } from "@tessera/proto/reservation/v1/reservation_service_pb";
import { WaitingRoomService } from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import { UserService } from "@tessera/proto/user/v1/user_service_pb";
import { Lifecycle } from "@tessera/service-kit/lifecycle";
import { served, serveRpc } from "@tessera/service-kit/serve-rpc";
import { listen } from "@tessera/testkit/event-stream";
import { redisUrl } from "@tessera/testkit/redis";
import { inheritedEnv } from "@tessera/testkit/services";
import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import { Registry } from "prom-client";
import { signToken } from "./key-ring.ts";
import { MemoryServices } from "./memory-services.ts";
import { memoryLogger } from "./use-app.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

type Line = Record<string, unknown>;

/** Starts the BFF as a process of its own; `lines` grows with its log. */
function startBff(env: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...inheritedEnv(), PORT: "0", ADMIN_PORT: "0", DRAIN_MS: "0", GRACE_MS: "5000", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: Line[] = [];
  createInterface(child.stdout).on("line", (line) => lines.push(JSON.parse(line)));
  let complaint = "";
  child.stderr.on("data", (text) => {
    complaint += String(text);
  });
  return { child, lines, complaint: () => complaint };
}

async function serving(lines: Line[]): Promise<{ url: string; adminUrl: string }> {
  await untilTrue(() => lines.some(({ msg }) => msg === "serving"));
  const line = lines.find(({ msg }) => msg === "serving");
  return { url: `http://127.0.0.1:${line?.port}`, adminUrl: `http://127.0.0.1:${line?.adminPort}` };
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    await once(child, "exit");
  }
  return child.exitCode;
}

describe("the BFF as a process", () => {
  const lifecycle = new Lifecycle();
  let services: MemoryServices;
  let addresses: Record<string, string>;
  const children: ChildProcess[] = [];
  const start = (env: Record<string, string> = {}) => {
    const started = startBff({ ...addresses, REDIS_URL: redisUrl(), ...env });
    children.push(started.child);
    return started;
  };

  before(async () => {
    services = await MemoryServices.open();
    const { inventory, reservations, waitingRooms, users } = services;
    addresses = {
      INVENTORY_ADDRESS: await serve(lifecycle, served(InventoryService, inventory.service)),
      RESERVATION_ADDRESS: await serve(
        lifecycle,
        served(ReservationService, reservations.service),
        served(WaitingRoomService, waitingRooms.service),
      ),
      USER_ADDRESS: await serve(lifecycle, served(UserService, users.service)),
      PASS_SECRETS: "what passes are signed with in tests",
    };
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.kill("SIGKILL");
      await ended(child);
    }
  });
  after(() => lifecycle.close());

  it("sells over gRPC, says how it is, and stops cleanly with work in flight", async () => {
    const { child, lines } = start();
    const { url, adminUrl } = await serving(lines);
    expect((await fetch(`${adminUrl}/livez`)).status).to.equal(200);
    expect((await fetch(`${adminUrl}/readyz`)).status).to.equal(200);
    expect((await fetch(`${adminUrl}/v1/events`)).status).to.equal(404);
    const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
    expect(metrics).to.include('tessera_combine_queue_depth{operation="create",service="bff"} 0');

    const ticketTypeId = crypto.randomUUID();
    services.reservations.stock.set(ticketTypeId, 100);
    const key = services.users.keys[0];
    const token = key === undefined ? "" : await signToken(key);
    const reserve = () =>
      fetch(`${url}/v1/reservations`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          "idempotency-key": crypto.randomUUID(),
        },
        body: JSON.stringify({
          eventId: crypto.randomUUID(),
          items: [{ ticketTypeId, quantity: 1 }],
        }),
      });
    expect((await reserve()).status).to.equal(201);
    const list = await fetch(`${url}/v1/reservations`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await list.json()).to.have.nested.property("items.length", 1);

    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    let hasArrived = false;
    services.reservations.beforeCreate = () => {
      hasArrived = true;
      return held;
    };
    const inFlight = reserve();
    await untilTrue(() => hasArrived);
    child.kill("SIGTERM");
    await untilTrue(() =>
      fetch(`${url}/v1/events`).then(
        () => false,
        () => true,
      ),
    );
    release();
    const answer = await inFlight;
    expect([answer.status, answer.headers.get("connection")]).to.deep.equal([201, "close"]);
    expect(await ended(child)).to.equal(0);
    services.reservations.beforeCreate = () => {};
  });

  it("ends streams when it is told to stop, and does not wait for their clients", async () => {
    const { child, lines } = start({ GRACE_MS: "60000" });
    const { url } = await serving(lines);
    const eventId = services.waitingRooms.open();
    const key = services.users.keys[0];
    const token = key === undefined ? "" : await signToken(key);
    const path = `${url}/v1/events/${eventId}/queue`;
    await fetch(path, { method: "POST", headers: { authorization: `Bearer ${token}` } });
    const stream = await listen(path, token);
    await untilTrue(() => stream.heartbeats() > 0);
    child.kill("SIGTERM");
    expect(await stream.ended).to.equal(true);
    expect(await ended(child)).to.equal(0);
    const isPoll = (line: Line) => line.method === "GET" && line.route === "/v1/events/:id/queue";
    await untilTrue(() => lines.some(isPoll));
    expect(lines.find(isPoll)).to.include({ status: 200, code: "OK" });
  });

  it("starts before its neighbours, and is not ready until it can check tokens", async () => {
    const closed = "127.0.0.1:1";
    const { lines } = start({
      INVENTORY_ADDRESS: closed,
      RESERVATION_ADDRESS: closed,
      USER_ADDRESS: closed,
      REDIS_URL: "redis://127.0.0.1:1",
    });
    const { url, adminUrl } = await serving(lines);
    expect((await fetch(`${adminUrl}/livez`)).status).to.equal(200);
    expect((await fetch(`${adminUrl}/readyz`)).status).to.equal(503);
    const { status, headers } = await fetch(`${url}/v1/events`);
    expect([status, headers.get("retry-after")]).to.deep.equal([503, "1"]);
    await untilTrue(() => lines.some(({ route }) => route === "/v1/events"));
    const line = lines.find(({ route }) => route === "/v1/events");
    expect(line).to.include({ level: "warn", code: "DEPENDENCY_UNAVAILABLE" });
    expect(line?.err).to.have.all.keys("type", "message");
    expect(line)
      .to.have.nested.property("err.message")
      .that.matches(
        /^\[unavailable\] .*: \/tessera\.inventory\.v1\.InventoryService\/ListEvents at 127\.0\.0\.1:1, request id \S+$/s,
      );
    const isAway = ({ msg }: Line) => /redis is away/.test(String(msg));
    await untilTrue(() => lines.some(isAway));
    expect(lines.filter(isAway)).to.have.length(1);
  });

  it("says so when its port is taken", async () => {
    const { lines } = start();
    const { url } = await serving(lines);
    const { child, complaint } = start({ PORT: new URL(url).port });
    expect(await ended(child)).to.equal(1);
    expect(complaint()).to.include("cannot listen on port");
  });
});

/** Serves handlers as gRPC; resolves to the address. */
async function serve(
  lifecycle: Lifecycle,
  ...services: ReturnType<typeof served>[]
): Promise<string> {
  const { grpcPort } = await serveRpc({
    services,
    domain: "memory.tessera",
    grpcPort: 0,
    httpPort: 0,
    logger: memoryLogger().logger,
    registry: new Registry(),
    lifecycle,
    checkReady: async () => {},
    drainMs: 0,
    graceMs: 100,
  });
  return `127.0.0.1:${grpcPort}`;
}
