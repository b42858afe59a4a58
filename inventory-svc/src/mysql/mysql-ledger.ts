import {
  isDuplicate,
  poolOf,
  QUERY_TIMEOUT_MS,
  storeFailure,
  withConnection,
} from "@tessera/service-kit/mysql";
import { ServiceError } from "@tessera/service-kit/service-error";
import type { Pool } from "mysql2/promise";
import type { DataSource } from "typeorm";
import type { Ledger, LedgerQuery, Settled } from "../app/ledger.ts";
import { asError, callerGone } from "../domain/errors.ts";
import type { Book, Change, StockDelta, StockLine } from "../domain/ledger.ts";
import { auditEvent, extendAllocation, findOrphans } from "./ledger-queries.ts";
import { readBook } from "./read-book.ts";
import { LEDGER_GUARD, type StockGuard } from "./stock-guard.ts";
import { isEmpty, isStockChanged, writeChange } from "./write-change.ts";

/** Failures after which the transaction is known to have left nothing behind. */
const UNDONE = new Set(["ER_LOCK_DEADLOCK", "ER_LOCK_WAIT_TIMEOUT", "ER_CHECKREAD"]);

/**
 * The ledger in MySQL: three round trips a change, whatever its size.
 *
 * The event's row is the mutex of its stock: everything that changes stock or an allocation's
 * state locks it first, so two such transactions of one event never overlap.
 */
export class MysqlLedger implements Ledger {
  readonly #pool: Pool;
  readonly #guard: StockGuard;
  readonly #onChange: (eventId: string) => void;

  /** `onChange` is told of every event whose stock changed. */
  constructor(
    source: DataSource,
    options: { guard?: StockGuard; onChange?: (eventId: string) => void } = {},
  ) {
    this.#pool = poolOf(source);
    this.#guard = options.guard ?? LEDGER_GUARD;
    this.#onChange = options.onChange ?? (() => undefined);
  }

  settle<T extends { change: Change }>(
    query: LedgerQuery,
    decide: (book: Book) => T,
  ): Promise<Settled<T> | undefined> {
    return twice(() => this.#settleOnce(query, decide));
  }

  extend: Ledger["extend"] = (allocationId, expireTime, maxSeconds) =>
    twice(() =>
      withConnection(this.#pool, (connection) =>
        extendAllocation(connection, allocationId, { expireTime, maxSeconds }),
      ),
    );

  findOrphans: Ledger["findOrphans"] = (options) =>
    withConnection(this.#pool, (connection) => findOrphans(connection, options));

  audit: Ledger["audit"] = (eventId) =>
    auditEvent(this.#pool, eventId).catch((reason: unknown) => {
      throw storeFailure(reason);
    });

  async #settleOnce<T extends { change: Change }>(
    query: LedgerQuery,
    decide: (book: Book) => T,
  ): Promise<Settled<T> | undefined> {
    const guard = this.#guard;
    return await withConnection(this.#pool, async (connection) => {
      const end = (sql: "COMMIT" | "ROLLBACK") =>
        connection.query({ sql, timeout: QUERY_TIMEOUT_MS });
      if (query.signal?.aborted === true) {
        throw asError(callerGone());
      }
      const book = await readBook(connection, query, guard.lock);
      if (book === undefined) {
        await end("ROLLBACK");
        return undefined;
      }
      const outcome = decide(book);
      const { change } = outcome;
      if (isEmpty(change)) {
        await end("ROLLBACK");
      } else {
        await writeChange(connection, { book, change, guard });
        await end("COMMIT");
      }
      const { eventId, stockVersion } = book.event;
      const isChanged = isStockChanged(change);
      const version = isChanged ? stockVersion + 1n : stockVersion;
      if (isChanged) {
        this.#onChange(eventId);
      }
      return { outcome, stock: { eventId, version, lines: applied(book.stock, change.deltas) } };
    });
  }
}

/**
 * Tries again, once, when the database chose the transaction as a deadlock's victim, or when a
 * rival of another event inserted the same allocation id first.
 */
async function twice<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (reason) {
    if (isUndone(reason)) {
      return await work();
    }
    throw reason;
  }
}

function isUndone(reason: unknown): boolean {
  const failure = reason instanceof ServiceError ? reason.cause : reason;
  const code = failure instanceof Error && "code" in failure ? failure.code : undefined;
  return isDuplicate(failure) || (typeof code === "string" && UNDONE.has(code));
}

function applied(stock: readonly StockLine[], deltas: readonly StockDelta[]): StockLine[] {
  const byPosition = new Map(deltas.map((delta) => [delta.position, delta]));
  return stock.map((line) => {
    const delta = byPosition.get(line.position);
    return delta === undefined
      ? line
      : {
          ...line,
          available: line.available + delta.available,
          held: line.held + delta.held,
          sold: line.sold + delta.sold,
        };
  });
}
