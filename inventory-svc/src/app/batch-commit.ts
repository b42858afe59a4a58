import { ServiceError } from "@tessera/service-kit/service-error";
import { allocationNotFound, type Refusal } from "../domain/errors.ts";
import { type Commit, decideCommit } from "../domain/settle.ts";
import { type BatchDeps, byEvent, idsOf } from "./by-event.ts";
import type { Call } from "./call.ts";
import type { Ref, StockLevels } from "./ledger.ts";

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
  const refs = entries.filter((entry) => "eventId" in entry);
  const groups = await byEvent(refs, { ...call, onEventFailure }, (eventId, some) => {
    const unitsOf = "released" as const;
    const query = { eventId, allocationIds: idsOf(some), unitsOf, signal: call.signal };
    return ledger.settle(query, (book) =>
      decideCommit(
        book,
        some.map(({ allocationId }) => allocationId),
      ),
    );
  });
  const stocks: StockLevels[] = [];
  const decided = new Map<Ref, Commit | Refusal | undefined>();
  for (const group of groups) {
    const { result } = group;
    if (result.status === "rejected" && groups.length === 1) {
      throw result.reason;
    }
    if (result.status === "fulfilled" && result.value !== undefined) {
      stocks.push(result.value.stock);
    }
    for (const [index, ref] of group.refs.entries()) {
      const isRejected = result.status === "rejected";
      const answer = isRejected ? refusalOf(result.reason) : result.value?.outcome.answers[index];
      decided.set(ref, answer);
    }
  }
  const answers = entries.map((entry) =>
    "reason" in entry ? entry : (decided.get(entry) ?? allocationNotFound(entry.allocationId)),
  );
  for (const answer of answers) {
    metrics.outcome("commit", outcomeOf(answer));
  }
  return { answers, stocks };
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
