import { ServiceError } from "@tessera/service-kit/service-error";
import { expect } from "chai";
import { Combiners } from "./combiners.ts";
import { type CombinerOptions, EventCombiner } from "./event-combiner.ts";
import type { EventLock, Lease, LeaseAnswer } from "./event-lock.ts";
import type { AllocationWish, Grant, Ledger } from "./ledger.ts";

const FAR = Number.POSITIVE_INFINITY;

describe("EventCombiner", () => {
  it("makes one batch of what arrives while a batch is decided, in order", async () => {
    const { combiner, ledger } = combinerOf();
    const first = combiner.submit(wish("1"), soon());
    await ledger.called(1);
    const later = ["2", "3", "4"].map((id) => combiner.submit(wish(id), soon()));
    expect(combiner.depth).to.equal(3);
    ledger.answerNext();
    await ledger.called(2);
    ledger.answerNext();
    const answers = await Promise.all([first, ...later]);
    expect(ledger.ids).to.deep.equal([["1"], ["2", "3", "4"]]);
    expect(answers.map((answer) => (answer as Grant).totalMinor)).to.deep.equal([1, 2, 3, 4]);
  });

  it("sends many batches under one lease, and gives it up when nothing waits", async () => {
    const { combiner, ledger, lock, seen } = combinerOf({ maxBatch: 2, isImmediate: true });
    await Promise.all(["1", "2", "3", "4", "5"].map((id) => combiner.submit(wish(id), soon())));
    expect(ledger.ids).to.deep.equal([["1", "2"], ["3", "4"], ["5"]]);
    expect(ledger.tokens).to.deep.equal([1, 1, 1]);
    await lock.releasedTimes(1);
    expect(lock.acquired).to.equal(1);
    expect(seen).to.deep.include({ batches: [2, 2, 1], holds: 1, waits: 1 });
    await idle(combiner);
  });

  it("keeps the lease for a moment: who was answered comes back", async () => {
    const { combiner, lock } = combinerOf({ isImmediate: true, lingerMs: 5_000 });
    for (const id of ["1", "2", "3"]) {
      await combiner.submit(wish(id), soon());
    }
    expect(lock.acquired).to.equal(1);
    expect(combiner.isIdle).to.equal(false);
  });

  it("gives the lease up after lockHoldMs, though wishes wait", async () => {
    const hold = { lockHoldMs: 10, keepTakesMs: 12, maxBatch: 1 };
    const { combiner, ledger, lock } = combinerOf({ isImmediate: true, ...hold });
    await Promise.all(["1", "2", "3"].map((id) => combiner.submit(wish(id), soon())));
    await lock.releasedTimes(3);
    // On a machine that stalls, a lease may pass unused: never is one used for two batches.
    expect(new Set(ledger.tokens)).to.have.property("size", 3);
    expect(ledger.tokens).to.deep.equal([...ledger.tokens].sort((a, b) => a - b));
  });

  it("counts a lost lease, and asks again", async () => {
    const { combiner, ledger, lock, seen } = combinerOf({ isImmediate: true, lingerMs: 5_000 });
    await combiner.submit(wish("1"), soon());
    lock.isLost = true;
    await combiner.submit(wish("2"), soon());
    expect(seen.lost).to.equal(1);
    expect(lock.acquired).to.equal(2);
    expect(ledger.tokens).to.deep.equal([1, 2]);
  });

  it("goes without the lock, with token 0, when it was busy for longer than lockWaitMs", async () => {
    const { combiner, ledger, lock, seen } = combinerOf({ isImmediate: true, lockWaitMs: 20 });
    lock.answer = "busy";
    await combiner.submit(wish("1"), soon());
    expect(ledger.tokens).to.deep.equal([0]);
    expect(seen.bypassed).to.deep.equal(["busy"]);
    expect(lock.asked).to.be.greaterThan(1);
  });

  it("takes a busy lock as soon as it comes free", async () => {
    const { combiner, ledger, lock, seen } = combinerOf({ isImmediate: true, lockWaitMs: 10_000 });
    lock.answer = "busy";
    const answer = combiner.submit(wish("1"), soon());
    await lock.askedTimes(2);
    lock.answer = undefined;
    await answer;
    expect(ledger.tokens).to.deep.equal([1]);
    expect(seen).to.deep.include({ waits: 1, bypassed: [] });
  });

  it("goes without the lock at once when its store is down", async () => {
    const { combiner, ledger, lock, seen } = combinerOf({ isImmediate: true });
    lock.answer = "down";
    await combiner.submit(wish("1"), soon());
    expect(ledger.tokens).to.deep.equal([0]);
    expect(seen.bypassed).to.deep.equal(["down"]);
    expect(lock.asked).to.equal(1);
  });

  it("asks again for a fenced batch, with a token above the one that fenced it", async () => {
    const { combiner, ledger, lock, seen } = combinerOf({ isImmediate: true });
    ledger.fence = 41;
    const answers = await Promise.all(["1", "2"].map((id) => combiner.submit(wish(id), soon())));
    expect(answers.map((answer) => (answer as Grant).totalMinor)).to.deep.equal([1, 2]);
    expect(ledger.ids).to.deep.equal([
      ["1", "2"],
      ["1", "2"],
    ]);
    expect(ledger.tokens).to.deep.equal([1, 42]);
    expect(lock.floors).to.deep.equal([0, 41]);
    expect(seen.bypassed).to.deep.equal(["fenced"]);
  });

  it("does not send a wish that nobody waits for any more", async () => {
    const { combiner, ledger } = combinerOf();
    const first = combiner.submit(wish("1"), soon());
    await ledger.called(1);
    const late = failureOf(combiner.submit(wish("late"), performance.now() - 1));
    const next = combiner.submit(wish("2"), soon());
    ledger.answerNext();
    await ledger.called(2);
    ledger.answerNext();
    await Promise.all([first, next]);
    expect(await late).to.include({ reason: "DEADLINE_EXCEEDED" });
    expect(ledger.ids).to.deep.equal([["1"], ["2"]]);
  });

  it("gives a batch the time of its most patient wish: a hasty one fails no neighbour", async () => {
    const { combiner, ledger } = combinerOf({ isImmediate: true });
    await Promise.all([
      combiner.submit(wish("patient"), performance.now() + 60_000),
      combiner.submit(wish("hasty"), performance.now() + 5_000),
    ]);
    expect(ledger.timeouts[0]).to.be.within(30_000, 60_000);
  });

  it("refuses with OVERLOADED when its queue is full", async () => {
    const { combiner, ledger } = combinerOf({ maxQueue: 2 });
    const first = combiner.submit(wish("1"), soon());
    await ledger.called(1);
    const waiting = ["2", "3"].map((id) => combiner.submit(wish(id), soon()));
    const reason = await failureOf(combiner.submit(wish("4"), soon()));
    expect(reason).to.include({ reason: "OVERLOADED" });
    ledger.answerNext();
    await ledger.called(2);
    ledger.answerNext();
    await Promise.all([first, ...waiting]);
  });

  it("rejects the batch that the ledger failed, and serves later ones", async () => {
    const { combiner, ledger } = combinerOf({ isImmediate: true });
    ledger.failure = new ServiceError("DEPENDENCY_UNAVAILABLE", "away");
    const failed = await Promise.allSettled(
      ["1", "2"].map((id) => combiner.submit(wish(id), soon())),
    );
    expect(failed.map(({ status }) => status)).to.deep.equal(["rejected", "rejected"]);
    ledger.failure = undefined;
    expect(await combiner.submit(wish("3"), soon())).to.include({ totalMinor: 3 });
  });

  it("hands each wish its own refusal, and the stock to whoever listens", async () => {
    const { combiner, ledger, seen } = combinerOf({ isImmediate: true });
    const refusal = new ServiceError("SOLD_OUT", "gone");
    ledger.refusals.set("2", refusal);
    const [one, two] = await Promise.all(["1", "2"].map((id) => combiner.submit(wish(id), soon())));
    expect(one).to.include({ totalMinor: 1 });
    expect(two).to.equal(refusal);
    expect(seen.stocks).to.deep.equal([1]);
  });

  it("rejects a wish that the ledger left without an answer", async () => {
    const { combiner, ledger } = combinerOf({ isImmediate: true });
    ledger.isShort = true;
    const [one, two] = await Promise.allSettled([
      combiner.submit(wish("1"), soon()),
      combiner.submit(wish("2"), soon()),
    ]);
    expect([one?.status, two?.status]).to.deep.equal(["fulfilled", "rejected"]);
  });
});

describe("Combiners", () => {
  it("keeps one line for each event, and counts who waits in all of them", async () => {
    const parts = partsOf({});
    const combiners = new Combiners({ ...parts.options, maxEvents: 10 }, parts.deps);
    const all = ["a", "b"].map((eventId) => combiners.submit(eventId, wish("1"), FAR));
    expect(combiners.depth).to.equal(2);
    await parts.ledger.called(2);
    parts.ledger.answerNext();
    parts.ledger.answerNext();
    await Promise.all(all);
    expect(combiners.depth).to.equal(0);
    expect(parts.ledger.events.sort()).to.deep.equal(["a", "b"]);
  });

  it("refuses more events than it may have, and forgets idle ones", async () => {
    const parts = partsOf({ isImmediate: true });
    const combiners = new Combiners({ ...parts.options, maxEvents: 1 }, parts.deps);
    const first = combiners.submit("a", wish("1"), FAR);
    const reason = await failureOf(combiners.submit("b", wish("2"), FAR));
    expect(reason).to.include({ reason: "OVERLOADED" });
    await first;
    await parts.lock.releasedTimes(1);
    await new Promise(setImmediate);
    expect(await combiners.submit("b", wish("2"), FAR)).to.include({ totalMinor: 2 });
  });
});

type Parts = Partial<CombinerOptions> & { isImmediate?: boolean; keepTakesMs?: number };

function partsOf({ isImmediate = false, keepTakesMs = 0, ...options }: Parts) {
  const seen = {
    batches: [] as number[],
    bypassed: [] as string[],
    stocks: [] as number[],
    lost: 0,
    waits: 0,
    holds: 0,
  };
  const ledger = new SlowLedger(isImmediate);
  const lock = new TestLock(keepTakesMs);
  const deps = {
    lock,
    ledger,
    onStock: ({ version }: { version: number }) => seen.stocks.push(version),
    observer: {
      batch: (size: number) => seen.batches.push(size),
      lockWait: () => {
        seen.waits += 1;
      },
      lockHold: () => {
        seen.holds += 1;
      },
      lockLost: () => {
        seen.lost += 1;
      },
      lockBypassed: (why: string) => seen.bypassed.push(why),
    },
  };
  const defaults = { maxBatch: 10, maxQueue: 10, lockWaitMs: 300, lockHoldMs: 10_000, lingerMs: 1 };
  return { seen, ledger, lock, deps, options: { ...defaults, ...options } };
}

function combinerOf(parts: Parts = {}) {
  const { deps, options, ...rest } = partsOf(parts);
  return { ...rest, combiner: new EventCombiner("e-1", options, deps) };
}

/** A ledger that answers when the test says so, or at once; `totalMinor` is the wish's id. */
class SlowLedger implements Ledger {
  readonly ids: string[][] = [];
  readonly tokens: number[] = [];
  readonly events: string[] = [];
  readonly timeouts: (number | undefined)[] = [];
  readonly refusals = new Map<string, ServiceError>();
  fence = 0;
  failure: ServiceError | undefined;
  isShort = false;
  readonly #isImmediate: boolean;
  readonly #open: (() => void)[] = [];
  #onCall: (() => void) | undefined;

  constructor(isImmediate: boolean) {
    this.#isImmediate = isImmediate;
  }

  async allocate(...[batch, call]: Parameters<Ledger["allocate"]>): ReturnType<Ledger["allocate"]> {
    this.ids.push(batch.wishes.map(({ allocationId }) => allocationId));
    this.tokens.push(batch.token);
    this.events.push(batch.eventId);
    this.timeouts.push(call.timeoutMs);
    this.#onCall?.();
    if (!this.#isImmediate) {
      await new Promise<void>((resolve) => this.#open.push(resolve));
    }
    if (this.failure !== undefined) {
      throw this.failure;
    }
    if (batch.token > 0 && batch.token < this.fence) {
      throw new ServiceError("FENCED", "late", { metadata: { lastToken: String(this.fence) } });
    }
    const answers = batch.wishes.map((one) => this.refusals.get(one.allocationId) ?? grant(one));
    return {
      answers: this.isShort ? answers.slice(1) : answers,
      stock: { eventId: batch.eventId, version: this.ids.length, available: new Map() },
    };
  }

  /** Resolves when the ledger was called this often. */
  async called(times: number): Promise<void> {
    while (this.ids.length < times) {
      await new Promise<void>((resolve) => {
        this.#onCall = resolve;
      });
    }
  }

  answerNext(): void {
    this.#open.shift()?.();
  }

  commit = never;
  release = never;
  extend = never;
}

/** A lock that is free unless `answer` says otherwise; tokens count up, above the floor. */
class TestLock implements EventLock {
  answer: LeaseAnswer | undefined;
  isLost = false;
  asked = 0;
  acquired = 0;
  released = 0;
  readonly floors: number[] = [];
  readonly #keepTakesMs: number;
  #token = 0;
  #onChange: (() => void) | undefined;

  constructor(keepTakesMs: number) {
    this.#keepTakesMs = keepTakesMs;
  }

  async acquire(_eventId: string, floor: number): Promise<LeaseAnswer> {
    this.asked += 1;
    this.floors.push(floor);
    this.#onChange?.();
    if (this.answer !== undefined) {
      return this.answer;
    }
    this.acquired += 1;
    this.#token = Math.max(this.#token, floor) + 1;
    return this.#lease(this.#token);
  }

  #lease(token: number): Lease {
    return {
      token,
      keep: async () => {
        if (this.#keepTakesMs > 0) {
          await new Promise((resolve) => setTimeout(resolve, this.#keepTakesMs));
        }
        const isKept = !this.isLost;
        this.isLost = false;
        return isKept;
      },
      release: async () => {
        this.released += 1;
        this.#onChange?.();
      },
    };
  }

  askedTimes = (times: number) => this.#until(() => this.asked >= times);
  releasedTimes = (times: number) => this.#until(() => this.released >= times);

  async #until(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }
}

async function idle(combiner: EventCombiner): Promise<void> {
  while (!combiner.isIdle) {
    await new Promise(setImmediate);
  }
}

function wish(allocationId: string): AllocationWish {
  return { allocationId, userId: "u-1", items: [{ ticketTypeId: "t-1", quantity: 1 }] };
}

function grant({ allocationId }: AllocationWish): Grant {
  const [allocateTime, expireTime] = [new Date(0), new Date(1)];
  const totalMinor = Number(allocationId);
  return { totalMinor, currency: "EUR", isReplay: false, allocateTime, expireTime };
}

function soon(): number {
  return performance.now() + 60_000;
}

function never(): never {
  throw new Error("a combiner does nothing but allocate");
}

function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}
