import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@tessera/proto/common/v1/error_info_pb";
import { isReason, REASONS, type Reason } from "@tessera/proto/reasons";
import { ServiceError } from "./service-error.ts";

/**
 * Translates whatever a handler threw: ServiceErrors leave with their reason, failures of
 * services further down keep theirs, and everything else leaves mute.
 */
export function toConnectError(thrown: unknown, domain: string): ConnectError {
  const { reason, message, metadata } = asServiceError(thrown);
  const passed =
    thrown instanceof ConnectError ? thrown.findDetails(ErrorInfoSchema)[0] : undefined;
  const value = { reason, domain: passed?.domain ?? domain, metadata: { ...metadata } };
  const details = [{ desc: ErrorInfoSchema, value }];
  return new ConnectError(message, REASONS[reason].code, undefined, details, thrown);
}

/** Whatever was thrown, as a failure of the catalogue; a bug says nothing about itself. */
export function asServiceError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) {
    return thrown;
  }
  return thrown instanceof ConnectError
    ? toServiceError(thrown)
    : new ServiceError("INTERNAL", "internal error", { cause: thrown });
}

/** Reads a failed call: its reason, or the reason that its bare code stands for. */
export function toServiceError(failure: ConnectError): ServiceError {
  const info = failure.findDetails(ErrorInfoSchema)[0];
  if (info !== undefined) {
    const reason = knownReason(info.reason, failure.code);
    return new ServiceError(reason, failure.rawMessage, {
      metadata: info.metadata,
      cause: failure,
    });
  }
  const reason = REASON_BY_BARE_CODE[failure.code] ?? "INTERNAL";
  return new ServiceError(reason, REASONS[reason].title, { cause: failure });
}

/** What a code means when no Tessera service set it, but a transport or a proxy. */
const REASON_BY_BARE_CODE: Readonly<Partial<Record<Code, Reason>>> = {
  [Code.Canceled]: "CANCELLED",
  [Code.DeadlineExceeded]: "DEADLINE_EXCEEDED",
  [Code.InvalidArgument]: "MALFORMED_REQUEST",
  // Of a proxy that lets this caller in nowhere: not of the user, whom a service refuses with a reason.
  [Code.PermissionDenied]: "DEPENDENCY_UNAVAILABLE",
  [Code.ResourceExhausted]: "OVERLOADED",
  [Code.Unavailable]: "DEPENDENCY_UNAVAILABLE",
  [Code.Unimplemented]: "UNIMPLEMENTED",
};

/**
 * The reason that a service gave, or, of a release that gives more of them than this one knows, what
 * its code says of it: callers are told that they were refused, and not that something is broken.
 */
export function knownReason(reason: string, code: Code): Reason {
  return isReason(reason) ? reason : (REASON_BY_CODE[code] ?? "INTERNAL");
}

/** What a code means when a Tessera service set it. */
const REASON_BY_CODE: typeof REASON_BY_BARE_CODE = {
  ...REASON_BY_BARE_CODE,
  [Code.NotFound]: "NOT_FOUND",
  [Code.AlreadyExists]: "REFUSED",
  [Code.PermissionDenied]: "FORBIDDEN",
  [Code.FailedPrecondition]: "REFUSED",
  [Code.Aborted]: "REQUEST_IN_PROGRESS",
  [Code.Unauthenticated]: "UNAUTHENTICATED",
};
