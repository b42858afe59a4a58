import type { Reason } from "@tessera/proto/reasons";

/**
 * A failure that a caller is meant to understand; its reason is listed in the catalogue.
 *
 * Anything else that is thrown is a bug: it is logged in full and leaves the process as an
 * opaque internal error.
 */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  /** Stable; clients branch on it. */
  readonly reason: Reason;
  /** Every request-specific value that the message mentions. */
  readonly metadata: Readonly<Record<string, string>>;

  constructor(
    reason: Reason,
    message: string,
    options: { metadata?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.reason = reason;
    this.metadata = options.metadata ?? {};
  }
}

/** The request is wrong in `field`, a path such as `items[0].quantity`; `detail` says how. */
export function invalidField(field: string, detail: string): ServiceError {
  return new ServiceError("INVALID_FIELD", `${field} ${detail}`, { metadata: { field, detail } });
}

/** Something this service needs does not answer; trying again later may help. */
export function dependencyUnavailable(dependency: string, cause: unknown): ServiceError {
  return new ServiceError("DEPENDENCY_UNAVAILABLE", `${dependency} is unavailable`, {
    metadata: { dependency },
    cause,
  });
}

/** There is more work than this service takes on; `queue` names what is full. */
export function overloaded(queue: string): ServiceError {
  return new ServiceError("OVERLOADED", `${queue} is full`, { metadata: { queue } });
}
