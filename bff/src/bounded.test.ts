import { expect } from "chai";
import { Bounded } from "./bounded.ts";

describe("Bounded", () => {
  it("runs so many at once, and refuses one more without beginning it", async () => {
    const bounded = new Bounded("reads", 2);
    const first = Promise.withResolvers<string>();
    const second = Promise.withResolvers<string>();
    const answers = [bounded.run(() => first.promise), bounded.run(() => second.promise)];
    let isBegun = false;
    const refusal = await bounded
      .run(async () => {
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
    const bounded = new Bounded("reads", 1);
    const failure = new Error("failed");
    expect(
      await bounded.run(() => Promise.reject(failure)).catch((reason: unknown) => reason),
    ).to.equal(failure);
    expect(await bounded.run(async () => "served")).to.equal("served");
  });
});
