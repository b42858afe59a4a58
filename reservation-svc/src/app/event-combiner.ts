import { setTimeout as pause } from "node:timers/promises";
import { overloaded, ServiceError } from "@tessera/service-kit/service-error";
import {
  currentSpan,
  inBatchSpan,
  inSpan,
  outsideSpans,
  type Span,
} from "@tessera/service-kit/span";
import type { EventLock, Lease } from "./event-lock.ts";
import type { AllocationWish, Grant, Ledger, StockLevels } from "./ledger.ts";

/** How a combiner works; times in milliseconds. */
export interface CombinerOptions {
  /** Wishes a batch has at most. */
  maxBatch: number;
  /** Wishes that wait at most, for this event. */
  maxQueue: number;
  /** How long a batch waits for the lock before it goes to the ledger without it. */
  lockWaitMs: number;
  /** How long a lock lasts that its holder, who may be dead, does not extend. */
  lockTtlMs: number;
  /** After this the lock is given up when another replica wants it. Shorter than `lockWaitMs`. */
  lockHoldMs: number;
  /**
   * How long the lock is kept when nothing waits: the answered come back within moments. Not at all
   * when another replica had it a moment ago.
   */
  lingerMs: number;
}

/** Told what a combiner does, for metrics. Times in seconds. */
export interface CombinerObserver {
  batch(size: number): void;
  lockWait(seconds: number): void;
  lockHold(seconds: number): void;
  lockLost(): void;
  /**
   * A batch went without the lock: it was `busy` for too long, its store is `down`, or its tokens are
   * too far `ahead`; or another holder `fenced` it off.
   */
  lockBypassed(why: "busy" | "down" | "ahead" | "fenced"): void;
}

/** What a combiner needs. */
export interface CombinerDeps {
  lock: EventLock;
  ledger: Pick<Ledger, "allocate">;
  onStock: (stock: StockLevels) => void;
  observer: CombinerObserver;
}

interface Waiter {
  wish: AllocationWish;
  /** performance.now() after which nobody waits for the answer. */
  deadline: number;
  span: Span | undefined;
  resolve: (answer: Grant | ServiceError) => void;
  reject: (reason: unknown) => void;
}

/** Pauses between two asks for a busy lock; the jitter keeps replicas from asking in step. */
const ASK_AGAIN_MS = { least: 3, spread: 9 };

/** The ledger takes no token that is a year ahead; its clock may be behind ours. */
const TOKEN_AHEAD_MS = 364 * 24 * 60 * 60 * 1000;

/**
 * One event's line: wishes that arrive while a batch is decided become the next batch.
 *
 * One lock is taken for many batches, and under it nothing is done but allocating.
 */
export class EventCombiner {
  readonly #eventId: string;
  readonly #options: CombinerOptions;
  readonly #deps: CombinerDeps;
  #queue: Waiter[] = [];
  #isRunning = false;
  #wake: (() => void) | undefined;
  #tokenFloor = 0;
  /** True when somebody else had the lock as it was last asked for. */
  #isShared = false;
  /** A lock that seems to be a dead holder's lapses before this performance.now() time. */
  #lapseTime = 0;
  /** The span of the newest wish that has one: what is done for the whole line is told there. */
  #span: Span | undefined;

  constructor(eventId: string, options: CombinerOptions, deps: CombinerDeps) {
    this.#eventId = eventId;
    this.#options = options;
    this.#deps = deps;
  }

  /** True when nothing waits and nothing runs. */
  get isIdle(): boolean {
    return !this.#isRunning;
  }

  /** How many wishes wait. */
  get depth(): number {
    return this.#queue.length;
  }

  /** Resolves to the ledger's answer to this wish; rejects when the ledger gave none. */
  submit(wish: AllocationWish, deadline: number): Promise<Grant | ServiceError> {
    if (this.#queue.length >= this.#options.maxQueue) {
      return Promise.reject(overloaded("the event's queue"));
    }
    const span = currentSpan();
    this.#span = span ?? this.#span;
    return new Promise((resolve, reject) => {
      this.#queue.push({ wish, deadline, span, resolve, reject });
      if (this.#isRunning) {
        this.#wake?.();
      } else {
        this.#isRunning = true;
        setImmediate(() => void outsideSpans(() => this.#run()));
      }
    });
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const lease = await this.#lease();
      if (lease === undefined) {
        await this.#allocate(undefined);
      } else {
        await this.#serveWith(lease);
      }
    }
    this.#isRunning = false;
    this.#span = undefined;
  }

  /** Sends batch after batch while the lease lasts, somebody wants something, and it is our turn. */
  async #serveWith(lease: Lease): Promise<void> {
    const { lockHoldMs, lingerMs } = this.#options;
    let turnTime = performance.now();
    let isOver = false;
    while (await this.#hasWork(this.#isShared ? 0 : lingerMs)) {
      if (performance.now() - turnTime >= lockHoldMs) {
        isOver = await lease.isWanted();
        if (isOver) {
          break;
        }
        this.#deps.observer.lockHold((performance.now() - turnTime) / 1000);
        turnTime = performance.now();
      }
      if (!(await lease.keep())) {
        this.#deps.observer.lockLost();
        break;
      }
      if (!(await this.#allocate(lease))) {
        break;
      }
    }
    this.#deps.observer.lockHold((performance.now() - turnTime) / 1000);
    // Nobody waits for this: the next holder asks until it is done.
    const released = lease.release();
    if (isOver) {
      await released;
      // The others ask every few milliseconds: whoever asked again at once would always be first.
      await pause(ASK_AGAIN_MS.least + ASK_AGAIN_MS.spread);
    }
  }

  /** True when something waits, or arrives within `lingerMs`. */
  async #hasWork(lingerMs: number): Promise<boolean> {
    if (this.#queue.length === 0 && lingerMs > 0) {
      await this.#arrival(lingerMs);
    }
    return this.#queue.length > 0;
  }

  /** Resolves when a wish arrives, or after `lingerMs`. */
  #arrival(lingerMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, lingerMs);
      this.#wake = done;
    });
  }

  /**
   * Asks for the lock, for a bounded time; undefined when the batch shall go without. While a dead
   * holder's lock lasts it asks just once: waiting for that again would tax every batch.
   */
  async #lease(): Promise<Lease | undefined> {
    const { lock } = this.#deps;
    const { lockWaitMs, lockTtlMs } = this.#options;
    const startTime = performance.now();
    const patienceMs = startTime < this.#lapseTime ? 0 : lockWaitMs;
    let holder: number | undefined;
    this.#isShared = false;
    for (;;) {
      const answer = await inSpan(this.#span, () => lock.acquire(this.#eventId, this.#tokenFloor));
      const waitedMs = performance.now() - startTime;
      if (answer === "down" || (answer === "busy" && waitedMs >= patienceMs)) {
        // Living holders give it up long before: whoever had it all the time is dead, or as good as.
        if (holder !== undefined && holder === (await lock.lastToken(this.#eventId))) {
          this.#lapseTime = performance.now() + lockTtlMs;
        }
        this.#deps.observer.lockBypassed(answer);
        return undefined;
      }
      if (answer !== "busy") {
        this.#lapseTime = 0;
        this.#deps.observer.lockWait(waitedMs / 1000);
        return answer;
      }
      this.#isShared = true;
      holder ??= await lock.lastToken(this.#eventId);
      await pause(ASK_AGAIN_MS.least + Math.random() * ASK_AGAIN_MS.spread);
    }
  }

  /** Sends one batch; false when the lease turned out to be worthless. */
  async #allocate(lease: Lease | undefined): Promise<boolean> {
    const batch = this.#take();
    if (batch.length === 0) {
      return true;
    }
    this.#deps.observer.batch(batch.length);
    // The most patient wish's: a hasty one must not fail its neighbours.
    const last = Math.max(...batch.map(({ deadline }) => deadline));
    const request = {
      eventId: this.#eventId,
      token: this.#tokenOf(lease),
      wishes: batch.map(({ wish }) => wish),
    };
    try {
      const timeoutMs = Math.max(1, last - performance.now());
      const { answers, stock } = await inBatchSpan("batch of the event's line", batch, () =>
        this.#deps.ledger.allocate(request, { timeoutMs }),
      );
      if (stock !== undefined) {
        this.#deps.onStock(stock);
      }
      for (const [index, { resolve, reject }] of batch.entries()) {
        const answer = answers[index];
        if (answer === undefined) {
          reject(new Error("the ledger answered too few wishes"));
        } else {
          resolve(answer);
        }
      }
      return true;
    } catch (reason) {
      return this.#onFailure(reason, batch);
    }
  }

  /** After a clock was far ahead, tokens are for as long: the ledger decides as well without them. */
  #tokenOf(lease: Lease | undefined): number {
    const token = lease?.token ?? 0;
    if (token <= (Date.now() + TOKEN_AHEAD_MS) * 1000) {
      return token;
    }
    this.#deps.observer.lockBypassed("ahead");
    return 0;
  }

  /** A fenced batch is asked again with a newer token: nothing of it was done. */
  #onFailure(reason: unknown, batch: readonly Waiter[]): boolean {
    if (reason instanceof ServiceError && reason.reason === "FENCED") {
      this.#tokenFloor = Math.max(this.#tokenFloor, Number(reason.metadata.lastToken ?? 0));
      this.#deps.observer.lockBypassed("fenced");
      this.#queue = [...batch, ...this.#queue];
      return false;
    }
    for (const { reject } of batch) {
      reject(reason);
    }
    return true;
  }

  /** The next batch; wishes that nobody waits for any more are not started. */
  #take(): Waiter[] {
    const now = performance.now();
    const batch: Waiter[] = [];
    let taken = 0;
    for (const waiter of this.#queue) {
      if (batch.length === this.#options.maxBatch) {
        break;
      }
      taken += 1;
      if (now < waiter.deadline) {
        batch.push(waiter);
      } else {
        waiter.reject(new ServiceError("DEADLINE_EXCEEDED", "waited too long for its turn"));
      }
    }
    this.#queue = this.#queue.slice(taken);
    return batch;
  }
}
