import { expect } from "chai";
import { Bounded } from "./bounded.ts";

describe("Bounded", () => {
  it("runs so many at once, and refuses one more without beginning it", async () => {
    const bounded = new Bounded("reads", { max: 2, maxEach: 2 });
    const first = Promise.withResolvers<string>();
    const second = Promise.withResolvers<string>();
    const answers = [
      bounded.run("ann", () => first.promise),
      bounded.run("ann", () => second.promise),
    ];
    let isBegun = false;
    const refusal = await bounded
      .run("bob", async () => {
        isBegun = true;
      })
      .catch((reason: unknown) => reason);
    expect(refusal).to.include({ reason: "OVERLOADED", message: "too many reads are under way" });
    expect(isBegun).to.equal(false);
    expect(bounded.running).to.equal(2);
    first.resolve("one");
    second.resolve("two");
    expect(await Promise.all(answers)).to.deep.equal(["one", "two"]);
    expect(bounded.running).to.equal(0);
  });

  it("has room again when some work has failed", async () => {
    const bounded = new Bounded("reads", { max: 1, maxEach: 1 });
    const failure = new Error("failed");
    expect(
      await bounded.run("ann", () => Promise.reject(failure)).catch((reason: unknown) => reason),
    ).to.equal(failure);
    expect(await bounded.run("ann", async () => "served")).to.equal("served");
  });

  it("keeps room for others, however much one person wants", async () => {
    const bounded = new Bounded("reads", { max: 3, maxEach: 2 });
    const first = Promise.withResolvers<string>();
    const answers = [1, 2].map(() => bounded.run("ann", () => first.promise));
    const refusal = await bounded.run("ann", async () => "").catch((reason: unknown) => reason);
    expect(refusal).to.include({ reason: "RATE_LIMITED" });
    expect(await bounded.run("bob", async () => "served")).to.equal("served");
    first.resolve("one");
    await Promise.all(answers);
    expect(await bounded.run("ann", async () => "served")).to.equal("served");
  });
});
