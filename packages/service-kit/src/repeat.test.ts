import { expect } from "chai";
import { repeat } from "./repeat.ts";

describe("repeat", () => {
  it("goes on after a failed round, and tells of it", async () => {
    const enough = Promise.withResolvers<void>();
    const failures: unknown[] = [];
    let rounds = 0;
    const job = repeat(
      async () => {
        rounds += 1;
        if (rounds === 1) {
          throw new Error("first");
        }
        if (rounds === 3) {
          enough.resolve();
        }
      },
      { intervalMs: 1, onFailure: (reason) => failures.push((reason as Error).message) },
    );
    await enough.promise;
    await job.stop();
    expect(failures).to.deep.equal(["first"]);
    expect(rounds).to.equal(3);
  });

  it("does not begin a round before the one before has ended", async () => {
    const third = Promise.withResolvers<void>();
    let running = 0;
    let most = 0;
    let rounds = 0;
    const job = repeat(
      async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise(setImmediate);
        running -= 1;
        rounds += 1;
        if (rounds === 3) {
          third.resolve();
        }
      },
      { intervalMs: 0, onFailure: () => undefined },
    );
    await third.promise;
    await job.stop();
    expect(most).to.equal(1);
  });

  it("lets the running round finish when it is stopped, and tells it", async () => {
    const started = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const seen: boolean[] = [];
    const job = repeat(
      async (isStopped) => {
        seen.push(isStopped());
        started.resolve();
        await release.promise;
        seen.push(isStopped());
      },
      { intervalMs: 60_000, onFailure: () => undefined },
    );
    await started.promise;
    const stopped = job.stop();
    release.resolve();
    await stopped;
    expect(seen).to.deep.equal([false, true]);
  });

  it("cuts the pause short when it is stopped", async () => {
    const ended = Promise.withResolvers<void>();
    const job = repeat(async () => ended.resolve(), {
      intervalMs: 3_600_000,
      onFailure: () => undefined,
    });
    await ended.promise;
    await new Promise(setImmediate);
    await job.stop();
  });
});
