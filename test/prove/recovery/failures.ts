import type { Operation } from "../history.ts";

/** One way in which requests failed. */
export interface FailureKind {
  /** Status and code, such as "503 OVERLOADED", or how the answer was lost: "ECONNRESET". */
  kind: string;
  count: number;
  /** Those that did not say when to come again; none for what was lost. */
  withoutRetryAfter: number;
  /** True for what may be seen while something is broken. */
  isExpected: boolean;
}

/** What may be answered when something is away, always with `Retry-After`. */
const HONEST_STATUSES = new Set([429, 503, 504]);

/** Everything that failed, the most frequent first. `mayCut` says whether connections may break. */
export function failureKinds(operations: readonly Operation[], mayCut: boolean): FailureKind[] {
  const kinds = new Map<string, FailureKind>();
  for (const operation of operations) {
    const kind = kindOf(operation);
    if (kind !== undefined) {
      const { told } = operation;
      const seen = kinds.get(kind) ?? { kind, count: 0, withoutRetryAfter: 0, isExpected: true };
      seen.count += 1;
      seen.withoutRetryAfter += told !== undefined && told.retryAfter === undefined ? 1 : 0;
      seen.isExpected = isExpected(operation, mayCut);
      kinds.set(kind, seen);
    }
  }
  return [...kinds.values()].sort((one, other) => other.count - one.count);
}

/**
 * Status and code, or how the answer was lost; undefined for what did not fail. "Still running" is
 * no failure: somebody asked twice at the same time, and is told so.
 */
function kindOf({ told, lost }: Operation): string | undefined {
  if (told === undefined) {
    return lost;
  }
  const { status, code } = told;
  const isFailure = status >= 500 || status === 429 || status === 401;
  return isFailure ? [status, code ?? ""].join(" ").trim() : undefined;
}

function isExpected({ told }: Operation, mayCut: boolean): boolean {
  return told === undefined ? mayCut : HONEST_STATUSES.has(told.status);
}

/** True when there was an answer, and it was no failure. */
export function isAnswered(operation: Operation): boolean {
  return operation.told !== undefined && kindOf(operation) === undefined;
}
