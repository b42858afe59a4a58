import { expect } from "chai";
import { Lifecycle } from "./lifecycle.ts";

describe("Lifecycle", () => {
  it("closes newest first, one after the other, and once", async () => {
    const lifecycle = new Lifecycle();
    const closed: string[] = [];
    lifecycle.onClose("store", () => closed.push("store"));
    lifecycle.onClose("server", async () => {
      await new Promise(setImmediate);
      closed.push("server");
    });
    await Promise.all([lifecycle.close(), lifecycle.close()]);
    expect(closed).to.deep.equal(["server", "store"]);
  });

  it("closes the rest after a failure, and names what failed", async () => {
    const lifecycle = new Lifecycle();
    const closed: string[] = [];
    const cause = new Error("stuck");
    lifecycle.onClose("store", () => closed.push("store"));
    lifecycle.onClose("server", () => Promise.reject(cause));
    const failure = await lifecycle.close().catch((reason: unknown) => reason);
    expect(closed).to.deep.equal(["store"]);
    expect(failure).to.be.instanceOf(AggregateError);
    const [first] = (failure as AggregateError).errors;
    expect(first).to.include({ message: "closing server failed", cause });
  });
});
