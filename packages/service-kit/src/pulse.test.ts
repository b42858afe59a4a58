import { rejectionOf } from "@tessera/testkit/rejection";
import { expect } from "chai";
import { Pulse } from "./pulse.ts";

describe("a store's pulse", () => {
  /** A store whose answers the test gives. */
  function useStore() {
    const asked: PromiseWithResolvers<boolean>[] = [];
    let onAsk = Promise.withResolvers<void>();
    const pulse = new Pulse({
      name: "the store",
      ask: () => {
        const answer = Promise.withResolvers<boolean>();
        asked.push(answer);
        onAsk.resolve();
        onAsk = Promise.withResolvers();
        return answer.promise;
      },
      patienceMs: 1,
      answerMs: 5,
    });
    /** Gives the next `count` questions an answer as they come. */
    const answerNext = async (count: number) => {
      for (let given = 0; given < count; given += 1) {
        await onAsk.promise;
        asked.at(-1)?.resolve(true);
      }
    };
    return { pulse, asked, answerNext };
  }

  const never = () => new Promise<never>(() => undefined);

  it("passes on what work resolves and rejects with", async () => {
    const { pulse } = useStore();
    expect(await pulse.watch(() => Promise.resolve("done"))).to.equal("done");
    const bug = new TypeError("a bug");
    expect(await rejectionOf(pulse.watch(() => Promise.reject(bug)))).to.equal(bug);
  });

  it("waits for slow work while the store gives signs of life", async () => {
    const { pulse, asked, answerNext } = useStore();
    const work = Promise.withResolvers<string>();
    const slow = pulse.watch(() => work.promise);
    await answerNext(3);
    work.resolve("done at last");
    expect(await slow).to.equal("done at last");
    expect(asked).to.have.lengthOf(3);
  });

  it("tells everybody who waits for a silent store, and asks it once", async () => {
    const { pulse, asked } = useStore();
    for (const failure of await Promise.all([1, 2, 3].map(() => rejectionOf(pulse.watch(never))))) {
      expect(failure).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
      expect(failure).to.have.property("message", "the store is unavailable");
    }
    expect(asked).to.have.lengthOf(1);
  });

  it("begins no work while the store is silent", async () => {
    const { pulse } = useStore();
    await rejectionOf(pulse.watch(never));
    let isBegun = false;
    const refused = await rejectionOf(
      pulse.watch(async () => {
        isBegun = true;
      }),
    );
    expect(refused).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
    expect(isBegun).to.equal(false);
  });

  it("goes on when the store answers again, however many questions that took", async () => {
    const { pulse, asked } = useStore();
    await rejectionOf(pulse.watch(never));
    asked[0]?.resolve(false);
    await settled();
    expect(await rejectionOf(pulse.watch(never))).to.be.instanceOf(Error);
    asked[1]?.resolve(true);
    await settled();
    expect(await pulse.watch(() => Promise.resolve("done"))).to.equal("done");
    expect(asked).to.have.lengthOf(2);
  });

  it("takes its own process's stall for no silence", async () => {
    const work = Promise.withResolvers<string>();
    const ask = async () => {
      await settled();
      const endTime = performance.now() + 20;
      while (performance.now() < endTime) {
        // Holds the process up for longer than the store has to answer; its answer is there by then.
      }
      await settled();
      work.resolve("done");
      return true;
    };
    const pulse = new Pulse({ name: "the store", ask, patienceMs: 1, answerMs: 5 });
    expect(await pulse.watch(() => work.promise)).to.equal("done");
  });
});

/** Lets what has resolved take its course. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
