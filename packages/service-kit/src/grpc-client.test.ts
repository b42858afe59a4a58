import { createClient } from "@connectrpc/connect";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { rejectionOf } from "@tessera/testkit/rejection";
import { expect } from "chai";
import { GrpcTransport } from "./grpc-client.ts";

describe("GrpcTransport", () => {
  it("says in a failure's cause which call it was, whereto, and under which request id", async () => {
    // Nobody listens there.
    const transport = new GrpcTransport({ address: "127.0.0.1:1", defaultTimeoutMs: 1_000 });
    const client = createClient(InventoryService, transport);
    const call = "/tessera.inventory.v1.InventoryService/GetEvent at 127.0.0.1:1";
    const headers = { "x-request-id": "r-1" };
    const named = await rejectionOf(client.getEvent({ eventId: "e" }, { headers }));
    expect(named).to.have.nested.property("cause.message", `${call}, request id r-1`);
    const nameless = await rejectionOf(client.getEvent({ eventId: "e" }));
    expect(nameless).to.have.nested.property("cause.message", call);
    transport.close();
  });
});
