import { ServiceError } from "@tessera/service-kit/service-error";
import { type CombinerOptions, EventCombiner } from "../src/app/event-combiner.ts";
import type { EventLock, Lease, LeaseAnswer } from "../src/app/event-lock.ts";
import type { AllocationWish, Grant, Ledger } from "../src/app/ledger.ts";

export const FAR = Number.POSITIVE_INFINITY;

type Parts = Partial<CombinerOptions> & { isImmediate?: boolean; keepTakesMs?: number };

export function partsOf({ isImmediate = false, keepTakesMs = 0, ...options }: Parts) {
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
  const times = { lockWaitMs: 300, lockTtlMs: 60_000, lockHoldMs: 10_000, lingerMs: 1 };
  const defaults = { maxBatch: 10, maxQueue: 10, ...times };
  return { seen, ledger, lock, deps, options: { ...defaults, ...options } };
}

export function combinerOf(parts: Parts = {}) {
  const { deps, options, ...rest } = partsOf(parts);
  return { ...rest, combiner: new EventCombiner("e-1", options, deps) };
}

/** A ledger that answers when the test says so, or at once; `totalMinor` is the wish's id. */
class SlowLedger implements Pick<Ledger, "allocate"> {
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
}

/** A lock that is free unless `answer` says otherwise; tokens count up, above the floor. */
class TestLock implements EventLock {
  answer: LeaseAnswer | undefined;
  isLost = false;
  isWanted = true;
  /** True when one holder follows another while it is busy. */
  isChanging = false;
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

  async lastToken(): Promise<number | undefined> {
    return this.isChanging ? this.asked : this.#token;
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
      isWanted: async () => this.isWanted,
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

export async function idle(combiner: EventCombiner): Promise<void> {
  while (!combiner.isIdle) {
    await new Promise(setImmediate);
  }
}

export function wish(allocationId: string): AllocationWish {
  return { allocationId, userId: "u-1", items: [{ ticketTypeId: "t-1", quantity: 1 }] };
}

export function grant({ allocationId }: AllocationWish): Grant {
  const [allocateTime, expireTime] = [new Date(0), new Date(1)];
  const totalMinor = Number(allocationId);
  return { totalMinor, currency: "EUR", isReplay: false, allocateTime, expireTime };
}

export function soon(): number {
  return performance.now() + 60_000;
}
