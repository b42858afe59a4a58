import { createHandlerContext } from "@connectrpc/connect";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { expect } from "chai";
import { onBehalfOf, within } from "./deadline.ts";

describe("within", () => {
  it("settles as the work does", async () => {
    expect(await within(10_000, "work", Promise.resolve("done"))).to.equal("done");
    const failure = new Error("failed");
    const reason = await within(10_000, "work", Promise.reject(failure)).catch((e: unknown) => e);
    expect(reason).to.equal(failure);
  });

  it("rejects with DEADLINE_EXCEEDED when the work is late", async () => {
    const never = new Promise<never>(() => undefined);
    const reason = await within(1, "work", never).catch((e: unknown) => e);
    expect(reason).to.deep.include({ reason: "DEADLINE_EXCEEDED", metadata: { what: "work" } });
  });
});

describe("onBehalfOf", () => {
  it("passes on the request id, the trace, the cancellation, and what is left of the time", () => {
    const context = contextOf({
      timeoutMs: 5_000,
      headers: { "x-request-id": "r-1", traceparent: "00-a-b-01", authorization: "secret" },
    });
    const options = onBehalfOf(context);
    expect([...new Headers(options.headers)]).to.deep.equal([
      ["traceparent", "00-a-b-01"],
      ["x-request-id", "r-1"],
    ]);
    expect(options.timeoutMs).to.be.within(1, 4_980);
    expect(options.signal?.aborted).to.equal(false);
    context.abort();
    expect(options.signal?.aborted).to.equal(true);
  });

  it("never passes on a deadline of nothing, and none where there was none", () => {
    const late = contextOf({ timeoutMs: 5, headers: {} });
    expect(onBehalfOf(late).timeoutMs).to.equal(1);
    late.abort();
    expect(onBehalfOf(contextOf({ headers: {} }))).not.to.have.property("timeoutMs");
  });
});

function contextOf(options: { timeoutMs?: number; headers: Record<string, string> }) {
  return createHandlerContext({
    service: InventoryService,
    method: InventoryService.method.getEvent,
    protocolName: "grpc",
    requestMethod: "POST",
    url: "http://localhost/",
    requestHeader: new Headers(options.headers),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
}
