import { REASONS, type Reason } from "@tessera/proto/reasons";
import { asServiceError } from "@tessera/service-kit/connect-error";
import { dependencyUnavailable, type ServiceError } from "@tessera/service-kit/service-error";
import type { Exchange } from "./exchange.ts";
import { markReplayed } from "./idempotency-key.ts";
import { type FieldError, InvalidRequest } from "./invalid-request.ts";
import { restField } from "./rest-field.ts";

/** What a problem may say beyond RFC 9457 and the catalogue, by its name in metadata; all else is internal. */
const MEMBERS: readonly [string, string, ((text: string) => unknown)?][] = [
  ["eventId", "eventId"],
  ["reservationId", "reservationId"],
  ["state", "state"],
  ["ticketTypeId", "ticketTypeId"],
  ["drawTime", "drawTime"],
  ["salesOpenTime", "salesOpenAt"],
  ["salesCloseTime", "salesCloseAt"],
  ["maxPerUser", "maxPerUser", Number],
  ["taken", "taken", Number],
];

/** What these mean here: each service says it in gRPC's words, and in its own. */
const DETAILS: Readonly<Partial<Record<Reason, string>>> = {
  IDEMPOTENCY_KEY_REUSED: "the Idempotency-Key came with another request before",
  INVALID_PAGE_TOKEN: "the cursor is not one of this list's",
};

/** Statuses that say "not now", and with `Retry-After` when. */
const LATER: readonly number[] = [408, 425, 429, 503, 504];

/** After these it may have happened. */
const IN_DOUBT: readonly Reason[] = ["DEADLINE_EXCEEDED", "DEPENDENCY_UNAVAILABLE"];

/** Where a reason stands on the page of problems. */
export function problemId(reason: string): string {
  return reason.toLowerCase().replaceAll("_", "-");
}

/** Notes for log and metrics why an exchange failed. */
export function noteFailure(exchange: Exchange, thrown: unknown): ServiceError {
  const failure = failureFor(exchange, thrown);
  exchange.code = failure.reason;
  exchange.thrown = thrown;
  return failure;
}

/** Answers with an RFC 9457 problem for whatever was thrown; a bug leaves mute. */
export function answerProblem(exchange: Exchange, thrown: unknown): void {
  const failure = noteFailure(exchange, thrown);
  const { reason } = failure;
  if (exchange.isGone) {
    return;
  }
  if (exchange.response.headersSent) {
    // Half an answer is worse than none.
    exchange.response.destroy();
    return;
  }
  const problem = problemOf(failure, exchange.requestId);
  if (!exchange.isRepeatable && IN_DOUBT.includes(reason)) {
    problem.retryable = false;
  }
  pushHeaders(exchange, failure, problem);
  markReplayed(exchange, failure.metadata.replayed === "true");
  const body = JSON.stringify(problem);
  exchange.send(REASONS[reason].status, "application/problem+json; charset=utf-8", body);
}

/** The problem's members, as they are sent. */
export function problemOf(failure: ServiceError, requestId: string): Record<string, unknown> {
  const { reason, metadata } = failure;
  const { status, title, retryable } = REASONS[reason];
  const problem: Record<string, unknown> = {
    type: `/docs/problems#${problemId(reason)}`,
    title,
    status,
    detail: detailOf(failure),
    code: reason,
    retryable,
    requestId,
  };
  const errors = errorsOf(failure);
  if (errors !== undefined) {
    problem.errors = errors;
  }
  for (const [name, restName, read = String] of MEMBERS) {
    const text = metadata[name];
    if (text !== undefined) {
      problem[restName] = read(text);
    }
  }
  if (metadata.refundRequired === "true") {
    problem.refundRequired = true;
  }
  return problem;
}

/** What services say of their own fields, said of REST's. */
function detailOf(failure: ServiceError): string {
  const { reason, message, metadata } = failure;
  if (reason === "INTERNAL") {
    return REASONS.INTERNAL.title;
  }
  if (metadata.field !== undefined && metadata.detail !== undefined) {
    return `${restField(metadata.field)} ${metadata.detail}`;
  }
  return DETAILS[reason] ?? message;
}

/** What was thrown, as a failure of the catalogue, for who waits for this answer. */
export function failureFor(exchange: Pick<Exchange, "isGone">, thrown: unknown): ServiceError {
  const failure = asServiceError(thrown);
  // Whoever is still there has cancelled nothing: a service that was made to stop has ended the call.
  const isEnded = failure.reason === "CANCELLED" && !exchange.isGone;
  // An instance that does not know the call is older than this one, and about to be replaced.
  const isOlder = failure.reason === "UNIMPLEMENTED";
  return isEnded || isOlder ? dependencyUnavailable("a service", thrown) : failure;
}

function errorsOf(failure: ServiceError): readonly FieldError[] | undefined {
  if (failure instanceof InvalidRequest) {
    return failure.errors;
  }
  const { field, detail } = failure.metadata;
  if (field === undefined) {
    return undefined;
  }
  return [{ field: restField(field), detail: detail ?? detailOf(failure) }];
}

function pushHeaders(
  { headers, request }: Exchange,
  failure: ServiceError,
  { retryable }: Record<string, unknown>,
): void {
  const { reason } = failure;
  const { status } = REASONS[reason];
  headers.push("Cache-Control", "no-store");
  if (retryable && isForLater(reason)) {
    headers.push("Retry-After", retryAfterOf(failure));
  }
  if (status === 401) {
    // RFC 6750: who showed a token hears that it is no good; who showed none, that one is wanted.
    const isBadToken =
      reason === "UNAUTHENTICATED" && /^bearer\s+\S/i.test(request.headers.authorization ?? "");
    const why = isBadToken ? ', error="invalid_token"' : "";
    headers.push("WWW-Authenticate", `Bearer realm="tessera"${why}`);
  }
}

/** True of what may be tried again in a while. */
export function isForLater(reason: Reason): boolean {
  return reason === "REQUEST_IN_PROGRESS" || LATER.includes(REASONS[reason].status);
}

/** In whole seconds: as long as the failure says, or until the draw; soon when it says nothing. */
export function retryAfterOf({ metadata: { retryAfterSeconds, drawTime } }: ServiceError): string {
  if (retryAfterSeconds !== undefined || drawTime === undefined) {
    return retryAfterSeconds ?? "1";
  }
  return String(Math.max(1, Math.ceil((Date.parse(drawTime) - Date.now()) / 1000)));
}
