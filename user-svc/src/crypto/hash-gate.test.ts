import { dependencyUnavailable } from "@tessera/service-kit/service-error";
import { expect } from "chai";
import { HashGate } from "./hash-gate.ts";

/** Work that ends when it is told to. */
function held(): { work: () => Promise<string>; end: () => void; hasBegun: () => boolean } {
  const { promise, resolve } = Promise.withResolvers<string>();
  let hasBegun = false;
  return {
    work: () => {
      hasBegun = true;
      return promise;
    },
    end: () => resolve("done"),
    hasBegun: () => hasBegun,
  };
}

function reasonOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => "resolved",
    (thrown: { reason?: string }) => thrown.reason,
  );
}

describe("HashGate", () => {
  it("runs so many at once, and the others in order of arrival", async () => {
    const gate = new HashGate({ concurrency: 1, maxWaiting: 2, waitMs: 10_000 });
    const [first, second, third] = [held(), held(), held()];
    const calls = [first, second, third].map(({ work }) => gate.run(work));
    expect([first, second, third].map(({ hasBegun }) => hasBegun())).to.deep.equal([
      true,
      false,
      false,
    ]);
    expect(gate.depth).to.equal(2);
    first.end();
    await calls[0];
    await Promise.resolve();
    expect(third.hasBegun()).to.equal(false);
    second.end();
    third.end();
    expect(await Promise.all(calls)).to.deep.equal(["done", "done", "done"]);
    expect(gate.depth).to.equal(0);
  });

  it("refuses at once what does not fit", async () => {
    const gate = new HashGate({ concurrency: 1, maxWaiting: 0, waitMs: 10_000 });
    const first = held();
    const running = gate.run(first.work);
    expect(await reasonOf(gate.run(held().work))).to.equal("TOO_BUSY");
    first.end();
    await running;
    expect(await gate.run(async () => "free again")).to.equal("free again");
  });

  it("refuses who has waited too long, and keeps the place for others", async () => {
    const gate = new HashGate({ concurrency: 1, maxWaiting: 1, waitMs: 5 });
    const first = held();
    const running = gate.run(first.work);
    const late = held();
    expect(await reasonOf(gate.run(late.work))).to.equal("TOO_BUSY");
    expect(late.hasBegun()).to.equal(false);
    expect(gate.depth).to.equal(0);
    first.end();
    await running;
  });

  it("does not begin for a caller that has gone", async () => {
    const gate = new HashGate({ concurrency: 1, maxWaiting: 1, waitMs: 10_000 });
    const first = held();
    const running = gate.run(first.work);
    const caller = new AbortController();
    const gone = held();
    const waiting = reasonOf(gate.run(gone.work, caller));
    caller.abort();
    expect(await waiting).to.equal("CANCELLED");
    expect(await reasonOf(gate.run(gone.work, caller))).to.equal("CANCELLED");
    expect(gone.hasBegun()).to.equal(false);
    first.end();
    await running;
  });

  it("frees the place of work that fails", async () => {
    const gate = new HashGate({ concurrency: 1, maxWaiting: 0, waitMs: 10_000 });
    const failure = await gate
      .run(() => Promise.reject(new Error("broken")))
      .catch((thrown: Error) => thrown.message);
    expect(failure).to.equal("broken");
    expect(await gate.run(async () => "free")).to.equal("free");
  });

  describe("where work ended with an outage", () => {
    const outage = () => Promise.reject(dependencyUnavailable("mysql", undefined));

    /** What those hear who wait in vain while all places are taken: one has no place in the line. */
    async function rush(gate: HashGate): Promise<unknown[]> {
      const last = held();
      const running = gate.run(last.work);
      const reasons = await Promise.all([0, 1].map(() => reasonOf(gate.run(held().work))));
      last.end();
      await running;
      return reasons;
    }

    it("tells those who wait in vain of it, until it is over", async () => {
      const gate = new HashGate({ concurrency: 2, maxWaiting: 1, waitMs: 5 });
      const other = held();
      const running = gate.run(other.work);
      await reasonOf(gate.run(outage));
      expect(await rush(gate)).to.deep.equal(["DEPENDENCY_UNAVAILABLE", "DEPENDENCY_UNAVAILABLE"]);
      expect(await rush(gate)).to.deep.equal(["TOO_BUSY", "TOO_BUSY"]);
      other.end();
      await running;
    });

    it("tells nobody of it who comes after a quiet time", async () => {
      const gate = new HashGate({ concurrency: 1, maxWaiting: 1, waitMs: 5 });
      await reasonOf(gate.run(outage));
      expect(await rush(gate)).to.deep.equal(["TOO_BUSY", "TOO_BUSY"]);
    });
  });

  it("lets origins take turns, whoever came first", async () => {
    const gate = new HashGate({ concurrency: 1, maxWaiting: 10, waitMs: 10_000 });
    const order: string[] = [];
    const run = (name: string) =>
      gate.run(async () => void order.push(name), { origin: name.slice(0, 1) });
    await Promise.all(["a1", "a2", "a3", "a4", "b1", "b2", "c1"].map(run));
    expect(order).to.deep.equal(["a1", "a2", "b1", "c1", "a3", "b2", "a4"]);
  });

  it("takes a place from the longest line when none is left, for a line that is shorter", async () => {
    const gate = new HashGate({ concurrency: 1, maxWaiting: 3, waitMs: 10_000 });
    const first = held();
    const running = gate.run(first.work);
    const ask = (origin: string) => reasonOf(gate.run(async () => origin, { origin }));
    const [a1, a2, a3] = [ask("a"), ask("a"), ask("a")];
    expect(await ask("a")).to.equal("TOO_BUSY");
    const b = ask("b");
    expect(await a3).to.equal("TOO_BUSY");
    expect(gate.depth).to.equal(3);
    // One that would be as long as the longest gets none.
    expect(await ask("b")).to.equal("TOO_BUSY");
    const c = ask("c");
    expect(await a2).to.equal("TOO_BUSY");
    expect(await ask("d")).to.equal("TOO_BUSY");
    first.end();
    await running;
    expect(await Promise.all([a1, b, c])).to.deep.equal(["resolved", "resolved", "resolved"]);
    expect([gate.depth, gate.isFree]).to.deep.equal([0, true]);
  });
});
