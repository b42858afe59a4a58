import { randomUUID } from "node:crypto";
import { Batcher } from "@tessera/service-kit/batcher";
import { ServiceError } from "@tessera/service-kit/service-error";
import { currentSpan } from "@tessera/service-kit/span";
import { newTraceparent, traceIdOf } from "@tessera/service-kit/trace-context";

/** How much is combined. */
export interface CombinerSettings {
  /** Entries in one call, at most 500. */
  maxBatch: number;
  /** Calls at once. */
  maxInFlight: number;
  /** Entries that wait; one more is refused with OVERLOADED. */
  maxQueue: number;
  /** How long an entry's asker waits; a call has what its most patient asker has left. */
  timeoutMs: number;
}

/** Who waits for an entry's answer: an exchange, mostly. */
export interface Asker {
  /** True when nobody waits for the answer any more. */
  readonly isGone: boolean;
  /** Told which call the entry went with. */
  call: CombinedCall | undefined;
}

/** A call that serves many requests. It has an id of its own, which each of their log lines names. */
export interface CombinedCall {
  requestId: string;
  traceId: string;
}

interface Wish<Entry> {
  asker: Asker;
  entry: Entry;
  /** In the time of performance.now(). It began to wait here: a body that came slowly has not. */
  deadline: number;
}

/** How a combined call is made. */
export interface CallOptions {
  timeoutMs: number;
  headers: Record<string, string>;
}

/**
 * How many times as long as calls took of late an entry must have left. When too much is asked for, it is
 * always the turn of those that have just enough: with 1, every second one would be answered too late.
 */
const NEEDED_CALLS = 2;
/** How much of its time an entry may be refused for at most: one call that hung must not shut the door. */
const NEEDED_SHARE = 0.75;
/** How much of the time that calls took of late is that of the newest one, when it was shorter. */
const NEWEST_SHARE = 0.2;

/**
 * Combines the same operation of many buyers into few calls.
 *
 * An entry that has too little time left, by how long calls took of late, is refused instead of sent. Otherwise, once
 * more is asked for than can be done, the oldest entries would always be next: sent with too little time
 * for an answer, they would be served for nobody, and so would all that come after them.
 */
export class Combiner<Entry, Granted> {
  readonly #name: string;
  readonly #batcher: Batcher<Wish<Entry>, Granted>;
  readonly #send: (entries: Entry[], options: CallOptions) => Promise<(Granted | Error)[]>;
  readonly #timeoutMs: number;
  readonly #now: () => number;
  /** How long calls took of late, in milliseconds. */
  #callMs = 0;
  /** The calls that were under way together last: when the first of them ended, and what the longest took. */
  #round = { endTime: Number.NEGATIVE_INFINITY, longestMs: 0 };
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: {
    operation: string;
    settings: CombinerSettings;
    onBatch: (size: number) => void;
    /** Makes the call. An Error among its answers is that entry's own. */
    send: (entries: Entry[], options: CallOptions) => Promise<(Granted | Error)[]>;
    now?: () => number;
  }) {
    const { operation, settings, onBatch, send } = options;
    this.#name = `the ${operation} queue`;
    this.#send = send;
    this.#timeoutMs = settings.timeoutMs;
    this.#now = options.now ?? (() => performance.now());
    this.#batcher = new Batcher({
      name: this.#name,
      run: (wishes) => this.#track(this.#call(wishes)),
      refusalOf: (wish) => this.#refusalOf(wish),
      maxBatch: settings.maxBatch,
      maxInFlight: settings.maxInFlight,
      maxQueue: settings.maxQueue,
      onBatch,
    });
  }

  /** How many entries wait. */
  get depth(): number {
    return this.#batcher.depth;
  }

  /**
   * Sends an entry with whatever else arrives; settles with its own answer, or at its own deadline
   * with DEADLINE_EXCEEDED. What has not been sent by then never is. Rejects with OVERLOADED, nothing
   * sent, when the queue is full or leaves no time for a call.
   */
  submit(asker: Asker, entry: Entry): Promise<Granted> {
    const deadline = this.#now() + this.#timeoutMs;
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        const what =
          asker.call === undefined
            ? "the request waited too long to be sent"
            : "no answer came in time";
        reject(new ServiceError("DEADLINE_EXCEEDED", what));
      };
      // A timer may ring a millisecond early: none does while the entry may still be sent.
      const timer = setTimeout(giveUp, this.#timeoutMs + 1);
      const settle =
        <T>(how: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          how(value);
        };
      const answer = this.#batcher.submit({ asker, entry, deadline }, deadline);
      answer.then(settle(resolve), settle(reject));
    });
  }

  /** Resolves when no call is in flight. */
  async drain(): Promise<void> {
    while (this.#running.size > 0) {
      await Promise.allSettled(this.#running);
    }
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => void this.#running.delete(settled),
      () => void this.#running.delete(settled),
    );
    this.#running.add(settled);
    return work;
  }

  /** What nobody waits for any more is not started, nor what cannot be answered in time. */
  #refusalOf({ asker, deadline }: Wish<Entry>): ServiceError | undefined {
    if (asker.isGone) {
      return new ServiceError("CANCELLED", "the client went away");
    }
    const neededMs = Math.min(NEEDED_CALLS * this.#callMs, NEEDED_SHARE * this.#timeoutMs);
    if (deadline >= this.#now() + neededMs) {
      return undefined;
    }
    const queue = this.#name;
    return new ServiceError("OVERLOADED", `${queue} left no time for an answer`, {
      metadata: { queue },
    });
  }

  async #call(wishes: readonly Wish<Entry>[]): Promise<(Granted | Error)[]> {
    const { call, headers } = newCombinedCall();
    for (const { asker } of wishes) {
      asker.call = call;
    }
    const entries = wishes.map(({ entry }) => entry);
    const lastDeadline = Math.max(...wishes.map(({ deadline }) => deadline));
    const startTime = this.#now();
    const timeoutMs = Math.ceil(lastDeadline - startTime);
    try {
      return await this.#send(entries, { timeoutMs, headers });
    } finally {
      this.#learn(startTime);
    }
  }

  /**
   * Notes how long a call took. Where something stood still for a moment, all calls that were under way were
   * slow, and the next ones are not: a longer time is believed when a call that began after those took it, too.
   */
  #learn(startTime: number): void {
    const endTime = this.#now();
    const tookMs = endTime - startTime;
    const fadedMs = this.#callMs + NEWEST_SHARE * Math.min(0, tookMs - this.#callMs);
    let againMs = 0;
    if (startTime < this.#round.endTime) {
      this.#round.longestMs = Math.max(this.#round.longestMs, tookMs);
    } else {
      againMs = Math.min(this.#round.longestMs, tookMs);
      this.#round = { endTime, longestMs: tookMs };
    }
    this.#callMs = Math.max(againMs, fadedMs);
  }
}

/** A new call, in the trace of the first recorded request that it serves, and what it is sent with. */
export function newCombinedCall(): { call: CombinedCall; headers: Record<string, string> } {
  const requestId = randomUUID();
  const traceparent = currentSpan()?.traceparent ?? newTraceparent(requestId);
  return {
    call: { requestId, traceId: traceIdOf(traceparent) },
    headers: { "x-request-id": requestId, traceparent },
  };
}
