import { expect } from "chai";
import type { Asker } from "./combiner.ts";
import { type AnswerSource, ReadCache } from "./read-cache.ts";

interface Page {
  text: string;
}

/** A cache over a service that is answered by hand, at a time that is set by hand. */
function newCache({ maxAgeMs = 1_000, maxEntries = 100, maxBytes = 1e6, maxLoads = 10 } = {}) {
  const clock = { now: 1_000_000 };
  const loads: { query: string; answer: (text: string) => void; fail: (reason: Error) => void }[] =
    [];
  const askers: Asker[] = [];
  const sources: AnswerSource[] = [];
  let failures = 0;
  const cache = new ReadCache<string, Page>({
    freshness: { freshMs: 250, maxAgeMs, staleIfErrorMs: 60_000 },
    keyOf: (query) => query,
    load: (query, asker) => {
      askers.push(asker);
      return new Promise((resolve, reject) => {
        loads.push({ query, answer: (text) => resolve({ text }), fail: reject });
      });
    },
    sizeOf: ({ text }) => text.length,
    maxEntries,
    maxBytes,
    maxLoads,
    observer: {
      onAnswer: (source) => void sources.push(source),
      onLoad: () => undefined,
      onLoadFailure: () => {
        failures += 1;
      },
    },
    now: () => clock.now,
  });
  const asker: Pick<Asker, "call"> = { call: undefined };
  const get = async (key = "a") => (await cache.get(key, asker)).text;
  /** Answers the newest load, and lets who waits for it hear of it. */
  const answer = async (text: string) => {
    loads.at(-1)?.answer(text);
    await settled();
  };
  const fail = async (message = "away") => {
    loads.at(-1)?.fail(new Error(message));
    await settled();
  };
  /** Asks and answers. */
  const know = async (text: string, key = "a") => {
    const got = get(key);
    await answer(text);
    expect(await got).to.equal(text);
  };
  return {
    ...{ cache, clock, loads, askers, sources, asker, get, answer, fail, know },
    failures: () => failures,
  };
}

const settled = () => new Promise(setImmediate);

const failureOf = async (answer: Promise<unknown>) =>
  await answer.then(
    () => undefined,
    (reason: Error) => reason.message,
  );

describe("ReadCache", () => {
  it("answers at once what it knows, and asks nobody", async () => {
    const { cache, clock, loads, know, asker, sources } = newCache();
    await know("one");
    clock.now += 250;
    expect(cache.get("a", asker)).to.deep.equal({ text: "one" });
    expect(loads).to.have.length(1);
    expect(sources).to.deep.equal(["loaded", "fresh"]);
  });

  it("loads once for all who ask for the same, and for each other thing once", async () => {
    const { loads, get, askers, asker } = newCache();
    const same = Array.from({ length: 100 }, () => get());
    const other = get("b");
    expect(loads.map(({ query }) => query)).to.deep.equal(["a", "b"]);
    loads[0]?.answer("one");
    expect(new Set(await Promise.all(same))).to.deep.equal(new Set(["one"]));
    const call = { requestId: "the call", traceId: "its trace" };
    for (const one of askers) {
      one.call = call;
    }
    loads[1]?.answer("two");
    expect([await other, asker.call]).to.deep.equal(["two", call]);
  });

  it("gives the old answer while one refresh is under way", async () => {
    const { clock, loads, get, answer, know, sources } = newCache();
    await know("one");
    clock.now += 251;
    expect([await get(), await get(), await get()]).to.deep.equal(["one", "one", "one"]);
    expect(loads).to.have.length(2);
    await answer("two");
    expect(await get()).to.equal("two");
    expect(sources).to.deep.equal(["loaded", "stale", "stale", "stale", "fresh"]);
  });

  it("waits for the refresh of what is too old", async () => {
    const { clock, loads, get, answer, know } = newCache();
    await know("one");
    clock.now += 1_001;
    const waiting = get();
    await answer("two");
    expect(await waiting).to.equal("two");
    expect(loads).to.have.length(2);
  });

  it("counts an answer's age from before it was asked for", async () => {
    const { clock, loads, get, answer } = newCache();
    const first = get();
    clock.now += 900;
    await answer("one");
    expect(await first).to.equal("one");
    clock.now += 100;
    expect(await get(), "a second old, refreshed by now").to.equal("one");
    expect(loads).to.have.length(2);
    clock.now += 1;
    const waiting = get();
    await answer("two");
    expect(await waiting).to.equal("two");
  });

  it("gives nobody an answer that took longer than it may be old, nor keeps it", async () => {
    const { cache, clock, get, answer } = newCache();
    const waiting = failureOf(get());
    clock.now += 1_001;
    await answer("late");
    expect(await waiting).to.equal("the answer came too late to be given");
    expect(cache.entries).to.equal(0);
  });

  it("keeps no failure", async () => {
    const { cache, loads, get, fail, know, failures } = newCache();
    const waiting = [failureOf(get()), failureOf(get())];
    await fail();
    expect(await Promise.all(waiting)).to.deep.equal(["away", "away"]);
    expect(cache.entries).to.equal(0);
    await know("one");
    expect([loads.length, failures()]).to.deep.equal([2, 1]);
  });

  it("does not ask a service that failed again and again for what it still may give", async () => {
    const { clock, loads, get, fail, know } = newCache();
    await know("one");
    clock.now += 300;
    expect(await get()).to.equal("one");
    await fail();
    clock.now += 499;
    expect(await get()).to.equal("one");
    expect(loads).to.have.length(2);
    clock.now += 1;
    expect(await get()).to.equal("one");
    expect(loads).to.have.length(3);
  });

  it("gives what is too old when the service fails, for a bounded time", async () => {
    const { clock, loads, get, fail, know, sources } = newCache();
    await know("one");
    clock.now += 5_000;
    const waiting = get();
    await fail();
    expect(await waiting).to.equal("one");
    expect(await get(), "without another try").to.equal("one");
    expect(loads).to.have.length(2);
    expect(sources.slice(1)).to.deep.equal(["stale_if_error", "stale_if_error"]);
    clock.now += 55_001;
    const late = failureOf(get());
    await fail();
    expect(await late).to.equal("away");
  });

  it("keeps what was used last, so many answers and so many bytes", async () => {
    const { cache, know, get, loads } = newCache({ maxEntries: 3 });
    for (const key of ["a", "b", "c"]) {
      await know(key, key);
    }
    for (let index = 0; index < 50; index += 1) {
      expect(await get("a")).to.equal("a");
      await know("random", `q${index}`);
    }
    expect([cache.entries, loads.length]).to.deep.equal([3, 53]);

    const small = newCache({ maxBytes: 10_000 });
    for (let index = 0; index < 50; index += 1) {
      await small.know("x".repeat(1_000), `q${index}`);
      expect(small.cache.bytes).to.be.at.most(10_000);
    }
    expect(small.cache.entries).to.be.within(5, 9);
    await small.know("x".repeat(20_000), "large");
    expect(small.cache.bytes).to.be.at.most(10_000);
  });

  it("refuses more loads than it may have under way, and not what it knows", async () => {
    const { cache, clock, get, know, loads, answer } = newCache({ maxLoads: 2 });
    await know("one");
    const first = get("b");
    const second = get("c");
    expect(await failureOf(get("d"))).to.equal("too many reads are under way");
    expect(cache.loads).to.equal(2);
    clock.now += 300;
    expect(await get(), "without a refresh").to.equal("one");
    expect(loads).to.have.length(3);
    loads[1]?.answer("two");
    await answer("three");
    expect([await first, await second]).to.deep.equal(["two", "three"]);
    await know("four", "d");
    expect(cache.loads).to.equal(0);
  });

  it("gives everybody an answer of their own when it is off", async () => {
    const { cache, loads, get } = newCache({ maxAgeMs: 0 });
    const answers = [get(), get()];
    loads[0]?.answer("one");
    loads[1]?.answer("two");
    expect(await Promise.all(answers)).to.deep.equal(["one", "two"]);
    expect(cache.entries).to.equal(0);
  });
});
