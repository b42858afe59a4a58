import { setTimeout } from "node:timers/promises";
import type { History, Operation, Wish } from "../history.ts";
import { Random } from "../random.ts";
import { askOf } from "./ask-of.ts";
import { Holds } from "./holds.ts";
import type { Person } from "./person.ts";
import { NoAnswer, type RestClient } from "./rest-client.ts";
import { outcomeOf, toldOf } from "./told-of.ts";

/** Who got no answer asks again after so long, in milliseconds; each time later, up to a bound. */
const AGAIN_MS = { first: 150, last: 1_000, growth: 1.6 };
/** For how long somebody waits who is told to come later, in milliseconds at most. */
const LATER_MS = 2_000;

/** What was asked so far, in numbers. */
export interface Counts {
  /** Requests, by what came of them. */
  ok: number;
  refused: number;
  unknown: number;
  /** Requests without an answer yet. */
  inFlight: number;
  /** Units that people hold now, as far as they were told. */
  unitsHeld: number;
}

/** It is too late for whatever was to be done next. */
export class ClosingTime extends Error {
  override readonly name = "ClosingTime";
}

/** Where people ask: each request goes into the history, with what came of it. */
export class Desk {
  readonly history: History;
  readonly #client: RestClient;
  readonly #random: Random;
  readonly #holds = new Holds();
  readonly #counts = { ok: 0, refused: 0, unknown: 0 };
  readonly #underWay = new Set<Promise<void>>();
  readonly #lastCall = new AbortController();
  /** As performance.now() counts. */
  #closingTime = Number.POSITIVE_INFINITY;

  /** `random` spreads repeats. */
  constructor(options: { client: RestClient; history: History; random?: Random }) {
    this.#client = options.client;
    this.history = options.history;
    this.#random = options.random ?? new Random(1);
  }

  /** What was asked so far. */
  get counts(): Counts {
    const unitsHeld = this.#holds.unitsAt(Date.now());
    return { ...this.#counts, inFlight: this.#underWay.size, unitsHeld };
  }

  /** The last call: from so many milliseconds from now on nobody is heard any more. */
  closeIn(ms: number): void {
    this.#lastCall.abort();
    this.#closingTime = performance.now() + ms;
  }

  /** Until closing time. */
  get remainingMs(): number {
    return this.#closingTime - performance.now();
  }

  /** Waits, but not beyond closing time. */
  async pause(ms: number): Promise<void> {
    await setTimeout(Math.max(0, Math.min(ms, this.remainingMs)));
  }

  /** Waits, but not beyond the last call: then nobody has time to lose. */
  async dawdle(ms: number): Promise<void> {
    const { signal } = this.#lastCall;
    await setTimeout(ms, undefined, { signal }).catch((reason: unknown) => {
      if (!signal.aborted) {
        throw reason;
      }
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  /** Asks once. Throws {@link ClosingTime}. */
  async ask(person: Person, wish: Wish, key?: string): Promise<Operation> {
    const accessToken = await person.accessToken(this.#client);
    if (this.remainingMs <= 0) {
      throw new ClosingTime();
    }
    const operation = this.history.begin(person.userId, wish, key);
    const sent = this.#send(operation, accessToken);
    this.#underWay.add(sent);
    try {
      await sent;
    } finally {
      this.#underWay.delete(sent);
      this.#counts[operation.outcome] += 1;
    }
    if (operation.told?.status === 401) {
      person.distrust();
    }
    return operation;
  }

  async #send(operation: Operation, accessToken: string): Promise<void> {
    const { wish, key } = operation;
    try {
      const answer = await this.#client.send({ ...askOf(wish), key, accessToken });
      const told = toldOf(wish, answer);
      if (told === undefined) {
        throw new NoAnswer("MALFORMED");
      }
      const outcome = outcomeOf(told.status, told.code);
      // What refused one copy may be over when the other one is looked at.
      const isKnown = outcome !== "refused" || answer.isOneOfTwo !== true;
      this.history.answered(operation, isKnown ? outcome : "unknown", told);
      if (told.reservation !== undefined) {
        this.#holds.note(told.reservation);
      }
    } catch (reason) {
      if (!(reason instanceof NoAnswer)) {
        throw reason;
      }
      this.history.lost(operation, reason.why);
    }
  }

  /** Asks, and asks again under the same key until it is known what came of it. */
  async insist(person: Person, wish: Wish, key?: string): Promise<Operation> {
    let pauseMs = AGAIN_MS.first;
    for (;;) {
      const operation = await this.ask(person, wish, key);
      const { told } = operation;
      const isLater = told?.status === 429 || told?.status === 401;
      if (operation.outcome !== "unknown" && !isLater) {
        return operation;
      }
      const laterMs = Math.min(LATER_MS, (told?.retryAfter ?? 1) * 1000);
      // Those who failed together do not all come back together.
      await this.pause((isLater ? laterMs : pauseMs) * (1 + 0.3 * this.#random.fraction()));
      pauseMs = Math.min(AGAIN_MS.last, pauseMs * AGAIN_MS.growth);
    }
  }
}
