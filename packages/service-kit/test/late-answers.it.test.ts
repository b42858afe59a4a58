import { setImmediate } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { Server } from "@grpc/grpc-js";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { failureOf } from "@tessera/testkit/call-failure";
import { expect } from "chai";
import { GrpcTransport } from "../src/grpc-client.ts";
import { addService, listen, stop } from "../src/grpc-server.ts";
import { eventService } from "./served.ts";

describe("an answer that comes when its caller has gone", () => {
  const codes: string[] = [];
  let told: () => void = () => undefined;
  let begun: () => void = () => undefined;
  let server: Server;
  let transport: GrpcTransport;

  before(async () => {
    server = new Server();
    const implementation = eventService(async ({ eventId }, { signal, timeoutMs }) => {
      begun();
      // The server has been told, and the work was done all the same.
      if (!signal.aborted) {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      }
      // The caller's clock may be a moment ahead.
      while (eventId === "late" && Number(timeoutMs()) > 0) {
        await setImmediate();
      }
      return { event: { id: eventId } };
    });
    addService(server, InventoryService, implementation, {
      domain: "test",
      onCall: ({ code }) => {
        codes.push(code);
        told();
      },
    });
    const address = `127.0.0.1:${await listen(server, 0)}`;
    transport = new GrpcTransport({ address, defaultTimeoutMs: 60_000 });
  });
  after(async () => {
    transport.close();
    await stop(server, 1_000);
  });

  it("is told as what the caller was told: too late, or given up", async () => {
    const client = createClient(InventoryService, transport);
    const next = () =>
      new Promise<void>((resolve) => {
        told = resolve;
      });
    let isTold = next();
    await failureOf(client.getEvent({ eventId: "late" }, { timeoutMs: 50 }));
    await isTold;
    isTold = next();
    const leaving = new AbortController();
    begun = () => leaving.abort();
    await failureOf(client.getEvent({ eventId: "left" }, { signal: leaving.signal }));
    await isTold;
    expect(codes).to.deep.equal(["DEADLINE_EXCEEDED", "CANCELLED"]);
  });
});
