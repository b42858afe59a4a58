import { rejectionOf } from "@tessera/testkit/rejection";
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
    const refused = bounded.run("bob", async () => {
      isBegun = true;
    });
    expect(await rejectionOf(refused)).to.include({
      ...{ reason: "OVERLOADED", message: "too many reads are under way" },
    });
    expect(isBegun).to.equal(false);
    expect(bounded.taken).to.equal(2);
    first.resolve("one");
    second.resolve("two");
    expect(await Promise.all(answers)).to.deep.equal(["one", "two"]);
    expect(bounded.taken).to.equal(0);
  });

  it("has room again when some work has failed", async () => {
    const bounded = new Bounded("reads", { max: 1, maxEach: 1 });
    const failure = new Error("failed");
    expect(await rejectionOf(bounded.run("ann", () => Promise.reject(failure)))).to.equal(failure);
    expect(await bounded.run("ann", async () => "served")).to.equal("served");
  });

  it("keeps room for others, however much one person wants", async () => {
    const bounded = new Bounded("reads", { max: 3, maxEach: 2 });
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const run = ({ promise }: typeof first) => bounded.run("ann", () => promise);
    const expectFull = async () =>
      expect(await rejectionOf(run(first))).to.include({ reason: "RATE_LIMITED" });
    const [one, other] = [run(first), run(second)];
    await expectFull();
    expect(await bounded.run("bob", async () => "served")).to.equal("served");
    first.resolve();
    await one;
    const next = run(second);
    await expectFull();
    second.resolve();
    await Promise.all([other, next]);
    await run(second);
  });
});
