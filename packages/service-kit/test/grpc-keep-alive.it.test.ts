import { Code, createClient } from "@connectrpc/connect";
import { Server } from "@grpc/grpc-js";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { failureOf } from "@tessera/testkit/call-failure";
import { expect } from "chai";
import { Random } from "../../../test/prove/random.ts";
import { TcpLink } from "../../../test/prove/world/tcp-link.ts";
import { GrpcTransport } from "../src/grpc-client.ts";
import { addService, listen, stop } from "../src/grpc-server.ts";
import { eventService } from "./served.ts";

describe("a gRPC connection that falls silent", () => {
  // As when the other's host vanishes: nothing ends what was connected.
  it("is given up, with the calls that wait on it, and made anew", async () => {
    const server = new Server();
    const service = eventService(async ({ eventId }) => ({ event: { id: eventId } }));
    addService(server, InventoryService, service, { domain: "test", onCall: () => undefined });
    const port = await listen(server, 0);
    const link = await TcpLink.open({ targets: () => [port], random: new Random(1) });
    const { address } = link;
    const transport = new GrpcTransport({ address, defaultTimeoutMs: 10_000, keepAliveMs: 1_000 });
    const client = createClient(InventoryService, transport);
    try {
      await client.getEvent({ eventId: "before" });
      link.impair({ kind: "strand" });
      const failure = await failureOf(client.getEvent({ eventId: "lost" }));
      expect(failure.code).to.equal(Code.Unavailable);
      expect((await client.getEvent({ eventId: "after" })).event?.id).to.equal("after");
    } finally {
      transport.close();
      await link.close();
      await stop(server, 1_000);
    }
  });
});
