import { Lifecycle } from "@tessera/service-kit/lifecycle";
import { usePrograms } from "@tessera/testkit/programs";
import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import { clientOf, createEvent, useInventory, words } from "./use-inventory.ts";

describe("the server", () => {
  const inventory = useInventory();

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

  it("serve, sweep, and stop when they are told to", async () => {
    await programs.run("migrate.ts");
    const server = await programs.serve({
      ORPHAN_GRACE_SECONDS: "0",
      SWEEP_INTERVAL_MS: "20",
    });
    const lifecycle = new Lifecycle();
    const client = clientOf(server.port("grpcPort"), lifecycle);
    const { eventId, wish } = await createEvent(client, [5], { holdSeconds: 1 });
    const { results } = await client.batchAllocate({ eventId, entries: [wish([0, 2])] });
    expect(words(results)).to.deep.equal(["granted"]);
    await untilTrue(
      async () => (await client.getAvailability({ eventId })).ticketTypes[0]?.available === 5,
    );
    const url = `http://localhost:${server.port("httpPort")}/metrics`;
    const metrics = await (await fetch(url)).text();
    expect(metrics).to.match(/^tessera_mysql_pool_connections\{state="idle",.*\} [1-9]/m);
    expect(metrics).to.match(/^tessera_orphan_sweep_lag_seconds\{.*\} /m);
    await lifecycle.close();
    await server.stop();
    expect(server.exitCode).to.equal(0);
  });
});
