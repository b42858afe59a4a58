import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:http2";
import { createInterface } from "node:readline";
import { buffer, text } from "node:stream/consumers";
import { Lifecycle } from "@tessera/service-kit/lifecycle";
import { createSchema } from "@tessera/testkit/mysql";
import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import { clientOf, createEvent, useInventory, words } from "./use-inventory.ts";

/** Sends one gRPC message as bytes, with no library of ours in between; returns the answer's. */
async function grpcCall(port: number, path: string, message: Buffer): Promise<Buffer> {
  const session = connect(`http://localhost:${port}`);
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
  });
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([frame, message]));
  const answer = await buffer(stream);
  session.close();
  return answer.subarray(5);
}

describe("the server", () => {
  const inventory = useInventory();

  it("answers health checks", async () => {
    const service = Buffer.from("tessera.inventory.v1.InventoryService");
    for (const message of [
      Buffer.alloc(0),
      Buffer.concat([Buffer.from([10, service.length]), service]),
    ]) {
      const answer = await grpcCall(inventory.grpcPort, "/grpc.health.v1.Health/Check", message);
      // Field 1, SERVING.
      expect([...answer]).to.deep.equal([8, 1]);
    }
  });

  it("answers reflection", async () => {
    const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    // Field 7, list_services.
    const answer = await grpcCall(inventory.grpcPort, path, Buffer.from([58, 1, 42]));
    expect(answer.toString()).to.contain("tessera.inventory.v1.InventoryService");
  });

  it("answers Connect's JSON, and says what is wrong with it", async () => {
    const { client, httpPort } = inventory;
    const { eventId } = await createEvent(client, [3]);
    const post = async (body: object) => {
      const url = `http://localhost:${httpPort}/tessera.inventory.v1.InventoryService/GetAvailability`;
      const headers = { "content-type": "application/json" };
      const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
      return { status: answer.status, body: await answer.json() };
    };
    const found = await post({ eventId });
    expect(found).to.nested.include({ status: 200, "body.ticketTypes[0].available": 3 });
    const missing = await post({ eventId: "00000000-0000-0000-0000-000000000000" });
    expect(missing).to.nested.include({ status: 404, "body.code": "not_found" });
    const unknown = await fetch(`http://localhost:${httpPort}/other`, { method: "POST" });
    expect(unknown.status).to.equal(404);
  });

  it("tells its metrics, and that it is ready", async () => {
    const { client, httpPort } = inventory;
    const { eventId, wish } = await createEvent(client, [1]);
    await client.batchAllocate({ eventId, entries: [wish([0, 1]), wish([0, 1])] });
    const get = async (path: string) => (await fetch(`http://localhost:${httpPort}${path}`)).text();
    const metrics = await get("/metrics");
    for (const line of [
      'tessera_ledger_outcomes_total{operation="allocate",outcome="granted"} 1',
      'tessera_ledger_outcomes_total{operation="allocate",outcome="SOLD_OUT"} 1',
      'tessera_ledger_batch_size_bucket{le="2",operation="allocate"} 1',
      "tessera_oversold_units 0",
      "tessera_ledger_drift_units 0",
    ]) {
      expect(metrics).to.contain(line);
    }
    expect(await get("/readyz")).to.equal("ok\n");
  });
});

describe("the programs of inventory-svc", () => {
  let schema: Awaited<ReturnType<typeof createSchema>>;
  const children = new Set<ChildProcess>();
  before(async () => {
    schema = await createSchema();
  });
  after(async () => {
    for (const child of children) {
      child.kill("SIGKILL");
    }
    await schema.drop();
  });

  function start(program: string, env: Record<string, string> = {}) {
    const child = spawn(process.execPath, [`${import.meta.dirname}/../src/${program}`], {
      env: {
        // biome-ignore lint/style/noProcessEnv: coverage goes where the parent's goes.
        ...process.env,
        MYSQL_URL: schema.url,
        MYSQL_TYPE: schema.type,
        GRPC_PORT: "0",
        HTTP_PORT: "0",
        DRAIN_MS: "0",
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.add(child);
    child.once("exit", () => children.delete(child));
    return child;
  }

  async function runToEnd(program: string, env?: Record<string, string>) {
    const child = start(program, env);
    const exit = once(child, "exit");
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    await exit;
    return { code: child.exitCode, out, err };
  }

  it("migrate, any number of times and at once", async () => {
    const both = await Promise.all([runToEnd("migrate.ts"), runToEnd("migrate.ts")]);
    expect(both.map(({ code }) => code)).to.deep.equal([0, 0]);
    const outs = both.map(({ out }) => out).join("");
    expect(outs.match(/CreateLedger1760000000000/g)).to.have.length(1);
  });

  it("serve, sweep, and stop when they are told to", async () => {
    const child = start("main.ts", {
      MIGRATE_ON_START: "true",
      ORPHAN_GRACE_SECONDS: "0",
      SWEEP_INTERVAL_MS: "20",
    });
    const {
      promise: serving,
      resolve,
      reject,
    } = Promise.withResolvers<{
      grpcPort: number;
      httpPort: number;
    }>();
    child.once("exit", () => reject(new Error("it ended before it served")));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.includes('"msg":"serving"')) {
        resolve(JSON.parse(line));
      }
    });
    const { grpcPort, httpPort } = await serving;
    const lifecycle = new Lifecycle();
    const client = clientOf(grpcPort, lifecycle);
    const { eventId, wish } = await createEvent(client, [5], { holdSeconds: 1 });
    const { results } = await client.batchAllocate({ eventId, entries: [wish([0, 2])] });
    expect(words(results)).to.deep.equal(["granted"]);
    await untilTrue(
      async () => (await client.getAvailability({ eventId })).ticketTypes[0]?.available === 5,
    );
    const metrics = await (await fetch(`http://localhost:${httpPort}/metrics`)).text();
    expect(metrics).to.match(/^tessera_mysql_pool_connections\{state="idle",.*\} [1-9]/m);
    expect(metrics).to.match(/^tessera_orphan_sweep_lag_seconds\{.*\} /m);
    await lifecycle.close();
    child.kill("SIGTERM");
    await once(child, "exit");
    expect(child.exitCode).to.equal(0);
  });

  it("name every bad setting at once", async () => {
    const { code, err } = await runToEnd("main.ts", {
      MYSQL_URL: "redis://x",
      GRPC_PORT: "x",
      SWEEP_INTERVAL_MS: "0",
    });
    expect(code).to.equal(2);
    expect(err).to.contain("GRPC_PORT").and.contain("MYSQL_URL").and.contain("SWEEP_INTERVAL_MS");
  });
});
