import type { Reason } from "@tessera/proto/reasons";
import { ServiceError } from "@tessera/service-kit/service-error";

const OPEN_ENDED: ReadonlySet<Reason> = new Set([
  "CANCELLED",
  "DEADLINE_EXCEEDED",
  "DEPENDENCY_UNAVAILABLE",
  "INTERNAL",
]);

/**
 * True when nothing was taken, for certain: the ledger refused, or the wish never got there. A
 * deadline or a broken connection leave it open.
 */
export function isRefusal(reason: unknown): boolean {
  return reason instanceof ServiceError && !OPEN_ENDED.has(reason.reason);
}

/** True when the pass was not even looked at: there is no time left, or too much to do. */
export function isNotAnswered(refusal: unknown): boolean {
  return (
    refusal instanceof ServiceError &&
    (refusal.reason === "DEADLINE_EXCEEDED" || refusal.reason === "OVERLOADED")
  );
}
