import { Batcher } from "@tessera/service-kit/batcher";
import { Lane } from "@tessera/service-kit/lane";
import { poolOf, QUERY_TIMEOUT_MS, withConnection } from "@tessera/service-kit/mysql";
import {
  codeOf,
  isDuplicate,
  isLockTimeout,
  storeFailure,
} from "@tessera/service-kit/mysql-failure";
import { ServiceError } from "@tessera/service-kit/service-error";
import type { Pool, PoolConnection } from "mysql2/promise";
import type { DataSource } from "typeorm";
import type { Ledger, LedgerQuery, Settled } from "../app/ledger.ts";
import { asError, callerGone } from "../domain/errors.ts";
import type { Book, Change } from "../domain/ledger.ts";
import {
  auditEvent,
  extendAllocation,
  findAllocations,
  findOrphans,
  newestEventIds,
} from "./ledger-queries.ts";
import { isMaking, readBooks, withReplays } from "./read-books.ts";
import { type Done, groupsOf, type Settlement, settledOf } from "./settlement.ts";
import { LEDGER_GUARD, type StockGuard } from "./stock-guard.ts";
import { type Attempt, StuckEvents } from "./stuck-events.ts";
import { isEmpty, isStockChanged, writeChanges } from "./write-change.ts";

/** Failures after which nothing was left behind, and the same may succeed at once. */
const UNDONE = new Set(["ER_LOCK_DEADLOCK", "ER_CHECKREAD"]);

/** Transactions at once, and settlements that wait; how many of these one look at the queue takes. */
const LIMITS = { name: "the ledger's queue", maxInFlight: 4, maxQueue: 4_000 };
const MAX_BATCH = 64;

/** The answer to a settlement that is to be tried by itself. */
const ALONE = "alone";

/**
 * The ledger in MySQL: three round trips a transaction, whatever its size.
 *
 * The event's row is the mutex of its stock: everything that changes stock or an allocation's
 * state locks it first, so two such transactions of one event never overlap. What arrives for
 * several events at the same time shares a transaction, which locks them in the order of their
 * ids; the decisions stay each event's own.
 */
export class MysqlLedger implements Ledger {
  readonly #pool: Pool;
  readonly #guard: StockGuard;
  readonly #onChange: (eventId: string) => void;
  readonly #batcher: Batcher<Settlement, Done | typeof ALONE>;
  /** What goes by itself: who asks for a lock without waiting must not wait for those who do. */
  readonly #asking = new Lane(LIMITS);
  readonly #waiting = new Lane(LIMITS);
  /** What is wanted of these goes by itself until one gets the lock. */
  readonly #stuck = new StuckEvents(isLockTimeout);

  /** `onChange` is told of every event whose stock changed. */
  constructor(
    source: DataSource,
    options: { guard?: StockGuard; onChange?: (eventId: string) => void } = {},
  ) {
    this.#pool = poolOf(source);
    this.#guard = options.guard ?? LEDGER_GUARD;
    this.#onChange = options.onChange ?? (() => undefined);
    const run = (settlements: readonly Settlement[]) => this.#settleAll(settlements);
    this.#batcher = new Batcher({ ...LIMITS, maxBatch: MAX_BATCH, run });
  }

  /** How many settlements wait, in the longest line: each has a bound of its own. */
  get depth(): number {
    return Math.max(this.#batcher.depth, this.#asking.depth, this.#waiting.depth);
  }

  async settle<T extends { change: Change }>(
    query: LedgerQuery,
    decide: (book: Book) => T,
  ): Promise<Settled<T> | undefined> {
    const settlement = { query, decide };
    const done = this.#stuck.has(query.eventId) ? ALONE : await this.#batcher.submit(settlement);
    const { settled } = done === ALONE ? await this.#settleAlone(settlement) : done;
    // What `decide` returned goes through the batch untouched.
    return settled as Settled<T> | undefined;
  }

  /** Settles what shares no transaction; where another one got the lock meanwhile, as any other. */
  async #settleAlone(settlement: Settlement): Promise<Done> {
    const { eventId, signal } = settlement.query;
    const settleOne = (attempt: Attempt) =>
      (attempt.isWaiting ? this.#waiting : this.#asking).run(() =>
        this.#settleOne(settlement, attempt),
      );
    const done =
      (await this.#stuck.attempt(eventId, settleOne, signal)) ??
      (await this.#batcher.submit(settlement));
    return done === ALONE ? await settleOne({ isWaiting: true }) : done;
  }

  find: Ledger["find"] = (ids) =>
    withConnection(this.#pool, (connection) => findAllocations(connection, ids));

  extend: Ledger["extend"] = (allocationId, expireTime, maxSeconds) =>
    twice(() =>
      withConnection(this.#pool, (connection) =>
        extendAllocation(connection, allocationId, { expireTime, maxSeconds }),
      ),
    );

  findOrphans: Ledger["findOrphans"] = (options) =>
    withConnection(this.#pool, (connection) => findOrphans(connection, options));

  newestEventIds: Ledger["newestEventIds"] = () =>
    withConnection(this.#pool, (connection) => newestEventIds(connection));

  audit: Ledger["audit"] = (eventId) => auditEvent(this.#pool, eventId);

  async #settleAll(settlements: readonly Settlement[]): Promise<(Done | typeof ALONE | Error)[]> {
    const answers = new Map<Settlement, Done | Error>();
    for (const group of groupsOf(settlements)) {
      try {
        for (const [settlement, answer] of await this.#settleGroup(group)) {
          answers.set(settlement, answer);
        }
      } catch {
        const events = group.map(({ query }) => query.eventId);
        const [one = ""] = events;
        if (events.length === 1) {
          this.#stuck.add(one);
        } else {
          this.#stuck.suspect(events);
        }
        break;
      }
    }
    // Nobody waits for the next try of what waited in vain.
    return settlements.map((one) => answers.get(one) ?? ALONE);
  }

  async #settleOne(settlement: Settlement, { isWaiting }: Attempt): Promise<Done> {
    const answers = await twice((hasReplays) =>
      this.#settleOnce([settlement], { hasReplays, isWaiting }),
    );
    const answer = answers.get(settlement);
    if (answer === undefined || answer instanceof Error) {
      throw answer ?? new Error("a settlement was lost");
    }
    return answer;
  }

  /**
   * A failure that is one settlement's own must not fail its neighbours: each by itself, then.
   * Rejects when a lock was waited for in vain.
   */
  async #settleGroup(group: readonly Settlement[]): Promise<Map<Settlement, Done | Error>> {
    try {
      return await twice((hasReplays) => this.#settleOnce(group, { hasReplays, isWaiting: true }));
    } catch (reason) {
      if (isLockTimeout(reason)) {
        throw reason;
      }
      const isEverybodys = reason instanceof ServiceError;
      if (group.length === 1 || isEverybodys) {
        return new Map(group.map((one) => [one, asFailure(reason)]));
      }
      const answers = new Map<Settlement, Done | Error>();
      for (const one of group) {
        const [answer] = await this.#settleGroup([one]);
        answers.set(one, answer?.[1] ?? asFailure(reason));
      }
      return answers;
    }
  }

  /**
   * One transaction; what `decide` throws is its own settlement's answer.
   *
   * Nearly all allocations are new, so at first none is looked up. One that exists after all
   * either violates the unique key, and everything is done again, or was refused, and is looked
   * up before the refusal counts.
   */
  #settleOnce(
    group: readonly Settlement[],
    { hasReplays, isWaiting }: { hasReplays: boolean; isWaiting: boolean },
  ): Promise<Map<Settlement, Done | Error>> {
    const { lock: waits } = this.#guard;
    const lock = isWaiting ? waits : waits.replace("UPDATE", "UPDATE NOWAIT");
    return withConnection(this.#pool, async (connection) => {
      const answers = new Map<Settlement, Done | Error>();
      const waiting: Settlement[] = [];
      for (const one of group) {
        if (one.query.signal?.aborted === true) {
          answers.set(one, asError(callerGone()));
        } else {
          waiting.push(one);
        }
      }
      if (waiting.length === 0) {
        return answers;
      }
      const queries = waiting.map(({ query }) => query);
      const books = await readBooks(connection, queries, { lock, hasReplays }).catch(
        (reason: unknown) => {
          // Known to have left nothing behind: the connection is as good as before.
          throw isLockTimeout(reason) ? storeFailure(reason) : reason;
        },
      );
      const changes: { book: Book; change: Change }[] = [];
      for (const one of waiting) {
        const book = books.get(one.query.eventId);
        let decision = decide(one, book);
        if (book !== undefined && !hasReplays && isDoubtful(one, decision)) {
          decision = decide(one, await withReplays(connection, book, one.query));
        }
        answers.set(one, decision.answer);
        changes.push(...decision.changes);
      }
      await this.#write(connection, changes);
      return answers;
    });
  }

  async #write(
    connection: PoolConnection,
    all: readonly { book: Book; change: Change }[],
  ): Promise<void> {
    const end = (sql: "COMMIT" | "ROLLBACK") =>
      connection.query({ sql, timeout: QUERY_TIMEOUT_MS });
    const changes = all.filter(({ change }) => !isEmpty(change));
    if (changes.length === 0) {
      await end("ROLLBACK");
      return;
    }
    await writeChanges(connection, changes, this.#guard);
    await end("COMMIT");
    for (const { book, change } of changes) {
      if (isStockChanged(change)) {
        this.#onChange(book.event.eventId);
      }
    }
  }
}

/** An answer, and what is to be written for it. */
interface Decision {
  answer: Done | Error;
  changes: { book: Book; change: Change }[];
}

function decide(settlement: Settlement, book: Book | undefined): Decision {
  if (book === undefined) {
    return { answer: { settled: undefined }, changes: [] };
  }
  try {
    const outcome = settlement.decide(book);
    const { change } = outcome;
    return { answer: { settled: settledOf(book, outcome) }, changes: [{ book, change }] };
  } catch (reason) {
    return { answer: asFailure(reason), changes: [] };
  }
}

/** True when something was to be made and is not: it may have been made before. */
function isDoubtful({ query }: Settlement, { changes }: Decision): boolean {
  const [decided] = changes;
  return (
    decided !== undefined &&
    isMaking(query) &&
    decided.change.inserts.length < query.allocationIds.length
  );
}

function asFailure(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

/**
 * Tries again, once, when the database chose the transaction as a deadlock's victim, or when a
 * rival of another event inserted the same allocation id first.
 */
async function twice<T>(work: (isAgain: boolean) => Promise<T>): Promise<T> {
  try {
    return await work(false);
  } catch (reason) {
    if (isUndone(reason)) {
      return await work(true);
    }
    throw reason;
  }
}

function isUndone(reason: unknown): boolean {
  const failure = reason instanceof ServiceError ? reason.cause : reason;
  return isDuplicate(failure) || UNDONE.has(codeOf(failure));
}
