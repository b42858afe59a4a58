import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { emptyOutcome, type Outcome, storm } from "./crowd.ts";
import { RestClient } from "./rest-client.ts";

describe("storm()", () => {
  it("lets a buyer ask again, under the same key, whatever is retryable", async () => {
    const told = [
      { status: 504, body: { code: "DEADLINE_EXCEEDED", retryable: true } },
      { status: 201, body: { id: "r-1" } },
      { status: 409, body: { code: "REQUEST_IN_PROGRESS", retryable: true } },
      { status: 200, body: {} },
    ];
    const keys: unknown[] = [];
    const outcome = await stormOf(1, (request, response) => {
      const { status = 500, body } = told[keys.length] ?? {};
      keys.push(request.headers["idempotency-key"]);
      response.writeHead(status, { "retry-after": "0" }).end(JSON.stringify(body));
    });
    expect(outcome.failures).to.deep.equal([]);
    expect([...outcome.confirmed]).to.deep.equal(["r-1"]);
    expect(keys).to.deep.equal(["demo-e-0", "demo-e-0", "confirm-r-1", "confirm-r-1"]);
  });

  it("does not let a buyer with a hold wait for those who want one", async () => {
    const paid = Promise.withResolvers<void>();
    const outcome = await stormOf(2, async ({ url, headers }, response) => {
      const key = headers["idempotency-key"];
      if (url !== "/v1/reservations") {
        paid.resolve();
        response.writeHead(200).end("{}");
        return;
      }
      if (key !== "demo-e-0") {
        await paid.promise;
      }
      response.writeHead(201).end(JSON.stringify({ id: key }));
    });
    expect(outcome).to.deep.include({ failures: [], done: 2 });
  });

  for (const [minutes, what, told] of [
    [-1, "takes it for an answer that a hold has lapsed", { letGo: new Set(["r"]), failures: [] }],
    [1, "but not before its time", { failures: ["unexpected answer 410 HOLD_EXPIRED"] }],
  ] as const) {
    it(what, async () => {
      const expiresAt = new Date(Date.now() + minutes * 60_000).toISOString();
      const outcome = await stormOf(1, ({ url }, response) => {
        const [status, body] =
          url === "/v1/reservations"
            ? [201, { id: "r", expiresAt }]
            : [410, { code: "HOLD_EXPIRED" }];
        response.writeHead(status).end(JSON.stringify(body));
      });
      expect(outcome).to.deep.include(told);
    });
  }
});

/** What becomes of so many buyers, with one connection for all, where this answers. */
async function stormOf(buyers: number, listener: RequestListener): Promise<Outcome> {
  await using server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = new RestClient(`http://127.0.0.1:${port}`, { connections: 1 });
  const outcome = emptyOutcome();
  const users = Array.from({ length: buyers }, (_, n) => ({ userId: `u-${n}`, accessToken: "t" }));
  await storm(client, { event: { id: "e", name: "E", ticketTypes: [] }, users }, outcome);
  client.close();
  return outcome;
}
