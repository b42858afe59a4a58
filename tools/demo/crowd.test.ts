import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { emptyOutcome, storm } from "./crowd.ts";
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
    await using server = createServer((request, response) => {
      const { status = 500, body } = told[keys.length] ?? {};
      keys.push(request.headers["idempotency-key"]);
      response.writeHead(status, { "retry-after": "0" }).end(JSON.stringify(body));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const client = new RestClient(`http://127.0.0.1:${port}`, { connections: 1 });
    const outcome = emptyOutcome();
    const users = [{ userId: "u", accessToken: "t" }];
    await storm(client, { event: { id: "e", name: "E", ticketTypes: [] }, users }, outcome);
    client.close();
    expect(outcome.failures).to.deep.equal([]);
    expect([...outcome.confirmed]).to.deep.equal(["r-1"]);
    expect(keys).to.deep.equal(["demo-e-0", "demo-e-0", "confirm-r-1", "confirm-r-1"]);
  });
});
