import type { Reason } from "@tessera/proto/reasons";
import { ServiceError } from "./service-error.ts";

/** Refusals of one part of a call that are nobody's wish: something does not answer. */
const OUTAGES: ReadonlySet<Reason> = new Set(["DEPENDENCY_UNAVAILABLE", "DEADLINE_EXCEEDED"]);

/**
 * Tells the bugs and outages among what failed for single parts of a call, which itself succeeds, and
 * whose answer does not say why: one of each kind, for a call may be for many parts, of one database.
 */
export function tellPartFailures<Part>(
  failures: readonly { reason: unknown; part: Part }[],
  tell: (reason: unknown, part: Part) => void,
): void {
  const kinds = new Map<Reason, { reason: unknown; part: Part }>();
  for (const failure of failures) {
    const { reason } = failure;
    const kind = reason instanceof ServiceError ? reason.reason : "INTERNAL";
    if (kind === "INTERNAL" || OUTAGES.has(kind)) {
      kinds.set(kind, failure);
    }
  }
  for (const { reason, part } of kinds.values()) {
    tell(reason, part);
  }
}
