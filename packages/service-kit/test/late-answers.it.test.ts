import { setImmediate } from "node:timers/promises";
import { type Client, createClient } from "@connectrpc/connect";
import { Server } from "@grpc/grpc-js";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { failureOf } from "@tessera/testkit/call-failure";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { GrpcTransport } from "../src/grpc-client.ts";
import { addService, listen, stop } from "../src/grpc-server.ts";
import { eventService } from "./served.ts";

describe("an answer that comes when its caller has gone", () => {
  const codes: string[] = [];
  let hangUp: () => void = () => undefined;
  let server: Server;
  let transport: GrpcTransport;
  let client: Client<typeof InventoryService>;

  before(async () => {
    server = new Server();
    const implementation = eventService(async ({ eventId }, { signal, timeoutMs }) => {
      // A caller whose time is over may hang up a moment before the time is over here.
      while (Number(timeoutMs()) > 10 && Number(timeoutMs()) < 1_000) {
        await setImmediate();
      }
      hangUp();
      // The server has been told, and the work was done all the same.
      if (!signal.aborted) {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      }
      if (eventId === "fails") {
        throw signal.reason;
      }
      return { event: { id: eventId } };
    });
    addService(server, InventoryService, implementation, {
      domain: "test",
      onCall: ({ code }) => void codes.push(code),
    });
    const address = `127.0.0.1:${await listen(server, 0)}`;
    transport = new GrpcTransport({ address, defaultTimeoutMs: 60_000 });
    client = createClient(InventoryService, transport);
  });
  after(async () => {
    transport.close();
    await stop(server, 1_000);
  });

  for (const eventId of ["answers", "fails"]) {
    it(`is told as what the caller was told, too late or given up: it ${eventId}`, async () => {
      for (const [timeoutMs, code] of [
        [500, "DEADLINE_EXCEEDED"],
        [60_000, "CANCELLED"],
      ] as const) {
        const count = codes.length;
        const leaving = new AbortController();
        hangUp = () => leaving.abort();
        await failureOf(client.getEvent({ eventId }, { timeoutMs, signal: leaving.signal }));
        await until("it is told", () => codes.length > count);
        expect(codes.at(-1)).to.equal(code);
      }
    });
  }
});
