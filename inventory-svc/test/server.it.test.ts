import { connect } from "node:http2";
import { buffer } from "node:stream/consumers";
import { Lifecycle } from "@tessera/service-kit/lifecycle";
import { usePrograms } from "@tessera/testkit/programs";
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
  const programs = usePrograms("inventory-svc");

  it("migrate, any number of times and at once", async () => {
    const both = await Promise.all([programs.run("migrate.ts"), programs.run("migrate.ts")]);
    expect(both.map(({ code }) => code)).to.deep.equal([0, 0]);
    const outs = both.map(({ out }) => out).join("");
    expect(outs.match(/CreateLedger1760000000000/g)).to.have.length(1);
  });

  it("serve, sweep, and stop when they are told to", async () => {
    await programs.run("migrate.ts");
    const { grpcPort, httpPort, stop } = await programs.serve({
      ORPHAN_GRACE_SECONDS: "0",
      SWEEP_INTERVAL_MS: "20",
    });
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
    expect(await stop()).to.equal(0);
  });

  it("name every bad setting at once", async () => {
    const { code, err } = await programs.run("main.ts", {
      MYSQL_URL: "redis://x",
      GRPC_PORT: "x",
      SWEEP_INTERVAL_MS: "0",
    });
    expect(code).to.equal(2);
    expect(err).to.contain("GRPC_PORT").and.contain("MYSQL_URL").and.contain("SWEEP_INTERVAL_MS");
  });
});
