import { ServiceError } from "@tessera/service-kit/service-error";
import { allocationNotFound, type Refusal } from "../domain/errors.ts";
import { type Commit, decideCommit } from "../domain/settle.ts";
import { type BatchDeps, byEvent, type Ref } from "./by-event.ts";
import type { Call } from "./call.ts";
import type { StockLevels } from "./ledger.ts";

/**
 * Turns held allocations into sold ones; atomic for each event.
 *
 * When an event's change fails, its entries are refused and the others are served; when
 * there is nothing else to answer, the call fails.
 */
export async function batchCommit(
  deps: BatchDeps,
  entries: readonly (Ref | Refusal)[],
  call: Call = {},
): Promise<{ answers: (Commit | Refusal)[]; stocks: StockLevels[] }> {
  const { ledger, metrics, onEventFailure } = deps;
  metrics.batch("commit", entries.length);
  const answers: (Commit | Refusal)[] = entries.map((entry) =>
    "reason" in entry ? entry : allocationNotFound(entry.allocationId),
  );
  const places = entries.flatMap((entry, place) => ("reason" in entry ? [] : [place]));
  const refs = entries.filter((entry) => "eventId" in entry);
  const groups = await byEvent(refs, { ...call, onEventFailure }, (eventId, allocationIds) => {
    const query = {
      eventId,
      allocationIds: unique(allocationIds),
      unitsOf: "released" as const,
      signal: call.signal,
    };
    return ledger.settle(query, (book) => decideCommit(book, allocationIds));
  });
  const stocks: StockLevels[] = [];
  for (const { result, ...group } of groups) {
    if (result.status === "rejected" && groups.length === 1) {
      throw result.reason;
    }
    if (result.status === "fulfilled" && result.value !== undefined) {
      stocks.push(result.value.stock);
    }
    for (const [index, place] of group.places.entries()) {
      const answer =
        result.status === "rejected"
          ? refusalOf(result.reason)
          : result.value?.outcome.answers[index];
      const entryPlace = places[place];
      if (answer !== undefined && entryPlace !== undefined) {
        answers[entryPlace] = answer;
      }
    }
  }
  for (const answer of answers) {
    metrics.outcome("commit", outcomeOf(answer));
  }
  return { answers, stocks };
}

function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}

function refusalOf(failure: unknown): Refusal {
  return failure instanceof ServiceError
    ? failure
    : { reason: "INTERNAL", message: "internal error", metadata: {} };
}

function outcomeOf(answer: Commit | Refusal): string {
  if ("reason" in answer) {
    return answer.reason;
  }
  if (!answer.isNew) {
    return "replayed";
  }
  return answer.reacquired ? "reacquired" : "committed";
}
