import { ServiceError } from "@tessera/service-kit/service-error";

/** Refusals of one event in a call that are nobody's wish: its store does not answer. */
const OUTAGES: ReadonlySet<string> = new Set(["DEPENDENCY_UNAVAILABLE", "DEADLINE_EXCEEDED"]);

/**
 * Told of what failed for single events of a call, bugs and outages: the call itself succeeds, and
 * its answer does not say why.
 */
export type OnEventFailure = (reason: unknown) => void;

/** Tells one failure of each kind: a call may be for many events, of one database. */
export function tellEventFailures(failures: readonly unknown[], tell: OnEventFailure): void {
  const kinds = new Map<string, unknown>();
  for (const failure of failures) {
    const kind = failure instanceof ServiceError ? failure.reason : "INTERNAL";
    if (kind === "INTERNAL" || OUTAGES.has(kind)) {
      kinds.set(kind, failure);
    }
  }
  for (const failure of kinds.values()) {
    tell(failure);
  }
}
