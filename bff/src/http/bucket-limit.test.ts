import { expect } from "chai";
import { Counter } from "prom-client";
import { BucketLimit } from "./bucket-limit.ts";

function newLimit(burst: number, perSecond: number) {
  const clock = { now: 1_234.567 };
  const refusals = new Counter({ name: "x", help: "x", labelNames: ["limit"], registers: [] });
  const now = () => clock.now;
  const limit = new BucketLimit({ name: "test", refusals, burst, perSecond, now });
  /** What the answer says, after how many more were asked for. */
  const take = async (times = 1, key = "k") => {
    let headers: string[] = [];
    let failure: unknown;
    for (let time = 0; time < times; time += 1) {
      headers = [];
      failure = await limit.take(key, { headers }).catch((reason: unknown) => reason);
    }
    return { headers, failure };
  };
  const granted = async (times: number, key = "k") => {
    let count = 0;
    for (let time = 0; time < times; time += 1) {
      const { failure } = await take(1, key);
      count += failure === undefined ? 1 : 0;
    }
    return count;
  };
  return { clock, limit, take, granted };
}

describe("BucketLimit", () => {
  it("lets a burst through at once, and from then on what is earned", async () => {
    const { clock, granted } = newLimit(60, 30);
    expect(await granted(1)).to.equal(1);
    // Where a window would end, and another one begin.
    clock.now += 1_999;
    expect(await granted(100)).to.equal(60);
    clock.now += 1;
    expect(await granted(100)).to.equal(0);
    clock.now += 1_000;
    expect(await granted(100)).to.equal(30);
    clock.now += 60_000;
    expect(await granted(100)).to.equal(60);
  });

  it("says how many are left, when the quota is whole again, and when to try again", async () => {
    const { clock, take } = newLimit(4, 0.5);
    expect((await take()).headers).to.deep.equal([
      ...["RateLimit-Policy", '"test";q=4;w=8'],
      ...["RateLimit", '"test";r=3;t=2'],
    ]);
    expect((await take(3)).headers[3]).to.equal('"test";r=0;t=8');
    clock.now += 500;
    const { headers, failure } = await take();
    expect(headers[3]).to.equal('"test";r=0;t=8');
    expect(failure).to.deep.include({
      reason: "RATE_LIMITED",
      metadata: { retryAfterSeconds: "2" },
    });
    clock.now += 1_500;
    expect((await take()).headers[3]).to.equal('"test";r=0;t=8');
  });

  it("remembers nobody whose bucket is whole", async () => {
    const { clock, limit, granted } = newLimit(2, 1);
    for (let time = 0; time < 1_000; time += 1) {
      clock.now += 100;
      expect(await granted(3, `${time}`)).to.equal(2);
    }
    expect(limit.size).to.be.at.most(20);
    clock.now += 2_000;
    await granted(1);
    expect(limit.size).to.equal(1);
  });

  it("forgets those behind somebody who took again", async () => {
    const { clock, limit, granted } = newLimit(2, 1);
    await granted(1, "again");
    await granted(1, "once");
    clock.now += 500;
    await granted(1, "again");
    clock.now += 1_000;
    await granted(1, "new");
    expect(limit.size).to.equal(2);
  });
});
