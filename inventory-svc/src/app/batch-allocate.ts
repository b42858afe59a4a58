import { ServiceError } from "@tessera/service-kit/service-error";
import { decideAllocate, type Grant, type Wish } from "../domain/decide.ts";
import { eventNotFound, type Refusal } from "../domain/errors.ts";
import type { Ledger, StockLevels } from "./ledger.ts";
import type { LedgerMetrics } from "./ledger-metrics.ts";

/** The wishes of many buyers of one event. */
export interface AllocateBatch {
  eventId: string;
  /** 0 when the caller holds no lock. */
  fencingToken: bigint;
  /** At most 1000; entries that could not be understood keep their place as refusals. */
  entries: readonly (Wish | Refusal)[];
}

/** The answers to a batch. */
export interface AllocateAnswer {
  /** One for each entry, in order. */
  answers: readonly (Grant | Refusal)[];
  /** Absent for an unknown event. */
  granted?: { allocateTime: Date; expireTime: Date; currency: string; stock: StockLevels };
}

/** Takes units of one event for many buyers, in one transaction. Throws FENCED. */
export async function batchAllocate(
  deps: { ledger: Ledger; metrics: LedgerMetrics },
  { eventId, fencingToken, entries }: AllocateBatch,
  signal?: AbortSignal,
): Promise<AllocateAnswer> {
  const { ledger, metrics } = deps;
  metrics.batch("allocate", entries.length);
  const wishes = entries.filter((entry) => "items" in entry);
  const query = {
    eventId,
    allocationIds: [...new Set(wishes.map(({ allocationId }) => allocationId))],
    unitsOf: [...new Set(wishes.map(({ userId }) => userId))],
    signal,
  };
  try {
    const settled = await ledger.settle(query, (book) => ({
      ...decideAllocate(book, entries, fencingToken),
      allocateTime: book.now,
      currency: book.event.currency,
    }));
    const answers =
      settled?.outcome.answers ??
      entries.map((entry) => ("reason" in entry ? entry : eventNotFound(eventId)));
    count(metrics, answers);
    return settled === undefined
      ? { answers }
      : { answers, granted: { ...settled.outcome, stock: settled.stock } };
  } catch (reason) {
    const outcome = reason instanceof ServiceError ? reason.reason : "INTERNAL";
    metrics.outcome("allocate", outcome, entries.length);
    if (outcome === "FENCED") {
      metrics.fencingRefusal();
    }
    throw reason;
  }
}

function count(metrics: LedgerMetrics, answers: readonly (Grant | Refusal)[]): void {
  const counts = new Map<string, number>();
  for (const answer of answers) {
    const outcome = "reason" in answer ? answer.reason : answer.replayed ? "replayed" : "granted";
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  for (const [outcome, size] of counts) {
    metrics.outcome("allocate", outcome, size);
  }
}
