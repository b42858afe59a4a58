import { overloaded, type ServiceError } from "@tessera/service-kit/service-error";
import { type CombinerDeps, type CombinerOptions, EventCombiner } from "./event-combiner.ts";
import type { AllocationWish, Grant } from "./ledger.ts";

/** The combiners of all events that anybody wants something of now. */
export class Combiners {
  readonly #options: CombinerOptions & { maxEvents: number };
  readonly #deps: CombinerDeps;
  readonly #byEvent = new Map<string, EventCombiner>();

  constructor(options: CombinerOptions & { maxEvents: number }, deps: CombinerDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** How many wishes wait in the longest line: each event's has a bound of its own. */
  get longest(): number {
    let most = 0;
    for (const combiner of this.#byEvent.values()) {
      most = Math.max(most, combiner.depth);
    }
    return most;
  }

  /** Puts a wish in its event's line. `deadline` is a performance.now() time. */
  submit(eventId: string, wish: AllocationWish, deadline: number): Promise<Grant | ServiceError> {
    let combiner = this.#byEvent.get(eventId);
    if (combiner === undefined) {
      this.#dropIdle();
      if (this.#byEvent.size >= this.#options.maxEvents) {
        return Promise.reject(overloaded("the list of events on sale"));
      }
      combiner = new EventCombiner(eventId, this.#options, this.#deps);
      this.#byEvent.set(eventId, combiner);
    }
    return combiner.submit(wish, deadline);
  }

  /** Combiners keep nothing that matters: an idle one is made again when it is needed. */
  #dropIdle(): void {
    if (this.#byEvent.size < this.#options.maxEvents / 2) {
      return;
    }
    for (const [eventId, combiner] of this.#byEvent) {
      if (combiner.isIdle) {
        this.#byEvent.delete(eventId);
      }
    }
  }
}
