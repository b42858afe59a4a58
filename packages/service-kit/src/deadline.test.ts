import { expect } from "chai";
import { within } from "./deadline.ts";

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
