import { overloaded, ServiceError } from "./service-error.ts";
import { currentSpan, inBatchSpan, type Span } from "./span.ts";

/** How a Batcher combines. */
export interface BatcherOptions<In, Out> {
  /** Names what is full in the OVERLOADED error. */
  name: string;
  /**
   * Serves a batch. Resolves to one answer for each entry, in order; an answer that is an Error
   * rejects that entry alone. A rejection rejects them all.
   */
  run: (entries: readonly In[]) => Promise<readonly (Out | Error)[]>;
  /** Says of an entry, when its turn has come, why it is not begun after all. Defaults to nothing. */
  refusalOf?: (entry: In) => Error | undefined;
  /** How many entries a batch has at most. */
  maxBatch: number;
  /** How many batches run at once. */
  maxInFlight: number;
  /** How many entries wait at most; one more is refused with OVERLOADED. */
  maxQueue: number;
  /** Told the size of each batch. */
  onBatch?: (size: number) => void;
}

interface Waiter<In, Out> {
  entry: In;
  deadline: number;
  span: Span | undefined;
  resolve: (answer: Out) => void;
  reject: (reason: unknown) => void;
}

/**
 * Natural batching: what arrives while batches are running becomes the next batch.
 *
 * There is no timer: when nothing runs, an entry leaves at the end of the current turn of the
 * event loop, together with whatever else arrived in that turn. Where some of what a batch carries is
 * recorded, the batch has a span that is linked with all of it.
 */
export class Batcher<In, Out> {
  readonly #options: BatcherOptions<In, Out>;
  #queue: Waiter<In, Out>[] = [];
  #inFlight = 0;
  #isScheduled = false;

  constructor(options: BatcherOptions<In, Out>) {
    this.#options = options;
  }

  /** How many entries wait now. */
  get depth(): number {
    return this.#queue.length;
  }

  /**
   * Adds an entry; settles with its own answer. One that still waits at `deadline`, a
   * performance.now() time, is not begun: it is refused with DEADLINE_EXCEEDED.
   */
  submit(entry: In, deadline = Number.POSITIVE_INFINITY): Promise<Out> {
    const { name, maxQueue } = this.#options;
    if (this.#queue.length >= maxQueue) {
      return Promise.reject(overloaded(name));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ entry, deadline, span: currentSpan(), resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (!this.#isScheduled && this.#inFlight < this.#options.maxInFlight) {
      this.#isScheduled = true;
      setImmediate(() => {
        this.#isScheduled = false;
        this.#flush();
      });
    }
  }

  #flush(): void {
    while (this.#queue.length > 0 && this.#inFlight < this.#options.maxInFlight) {
      const batch = this.#nextBatch();
      if (batch.length > 0) {
        this.#inFlight += 1;
        void this.#serve(batch);
      }
    }
  }

  /** As many as a batch may have; who is passed over is told at once. */
  #nextBatch(): readonly Waiter<In, Out>[] {
    const now = performance.now();
    const batch: Waiter<In, Out>[] = [];
    let looked = 0;
    while (looked < this.#queue.length && batch.length < this.#options.maxBatch) {
      const waiter = this.#queue[looked] as Waiter<In, Out>;
      const refusal = this.#refusalOf(waiter, now);
      if (refusal === undefined) {
        batch.push(waiter);
      } else {
        waiter.reject(refusal);
      }
      looked += 1;
    }
    this.#queue = this.#queue.slice(looked);
    return batch;
  }

  #refusalOf({ entry, deadline }: Waiter<In, Out>, now: number): Error | undefined {
    const { name, refusalOf } = this.#options;
    return deadline <= now
      ? new ServiceError("DEADLINE_EXCEEDED", `waited too long for ${name}`)
      : refusalOf?.(entry);
  }

  async #serve(batch: readonly Waiter<In, Out>[]): Promise<void> {
    const { name, run, onBatch } = this.#options;
    onBatch?.(batch.length);
    try {
      const answers = await inBatchSpan(`batch of ${name}`, batch, () =>
        run(batch.map(({ entry }) => entry)),
      );
      for (const [index, { resolve, reject }] of batch.entries()) {
        const answer = answers[index];
        if (answer instanceof Error || answer === undefined) {
          reject(answer ?? new Error(`${name} answered too few entries`));
        } else {
          resolve(answer);
        }
      }
    } catch (reason) {
      for (const { reject } of batch) {
        reject(reason);
      }
    } finally {
      this.#inFlight -= 1;
      if (this.#queue.length > 0) {
        this.#schedule();
      }
    }
  }
}
