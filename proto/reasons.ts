/**
 * The one catalogue of failures that callers are meant to understand.
 *
 * The key is the `reason` of a gRPC ErrorInfo and the `code` of a REST problem. `code` is the
 * google.rpc.Code the call fails with, `status` the HTTP status the BFF answers with, and
 * `retryable` says whether repeating the same request helps by itself: the trouble is expected to
 * pass. Where it is false the request may succeed when the world has changed, as when somebody gives
 * a ticket back after SOLD_OUT, but nobody expects it to.
 *
 * Reasons are public API: they are never renamed. Business refusals are FAILED_PRECONDITION, so
 * that a sell-out is no outage in the mesh's golden metrics.
 */
export const REASONS = {
  // The request is wrong.
  INVALID_FIELD: { code: 3, status: 400, retryable: false, title: "A field is not valid" },
  INVALID_PAGE_TOKEN: { code: 3, status: 400, retryable: false, title: "The cursor is not valid" },
  MALFORMED_BODY: { code: 3, status: 400, retryable: false, title: "The body is not valid JSON" },
  MALFORMED_REQUEST: { code: 3, status: 400, retryable: false, title: "The request is malformed" },
  IDEMPOTENCY_KEY_REQUIRED: {
    code: 3,
    status: 400,
    retryable: false,
    title: "An Idempotency-Key header is required",
  },
  REQUEST_TIMEOUT: { code: 3, status: 408, retryable: true, title: "The request took too long" },
  HEADERS_TOO_LARGE: { code: 3, status: 431, retryable: false, title: "The headers are too large" },
  BODY_TOO_LARGE: { code: 3, status: 413, retryable: false, title: "The body is too large" },
  UNSUPPORTED_MEDIA_TYPE: {
    code: 3,
    status: 415,
    retryable: false,
    title: "The body must be JSON",
  },
  ROUTE_NOT_FOUND: { code: 5, status: 404, retryable: false, title: "No such route" },
  METHOD_NOT_ALLOWED: { code: 12, status: 405, retryable: false, title: "No such method here" },
  // The caller may not.
  UNAUTHENTICATED: { code: 16, status: 401, retryable: false, title: "Sign in first" },
  BAD_CREDENTIALS: { code: 16, status: 401, retryable: false, title: "Wrong address or password" },
  BAD_REFRESH_TOKEN: { code: 16, status: 401, retryable: false, title: "Sign in again" },
  FORBIDDEN: { code: 7, status: 403, retryable: false, title: "Not yours to do" },
  // There is no such thing, for this caller.
  EVENT_NOT_FOUND: { code: 5, status: 404, retryable: false, title: "No such event" },
  TICKET_TYPE_NOT_FOUND: { code: 5, status: 404, retryable: false, title: "No such ticket type" },
  RESERVATION_NOT_FOUND: { code: 5, status: 404, retryable: false, title: "No such reservation" },
  ALLOCATION_NOT_FOUND: { code: 5, status: 404, retryable: false, title: "No such allocation" },
  NO_WAITING_ROOM: { code: 5, status: 404, retryable: false, title: "No waiting room here" },
  PLACE_NOT_FOUND: { code: 5, status: 404, retryable: false, title: "Not in the waiting room" },
  USER_NOT_FOUND: { code: 5, status: 404, retryable: false, title: "No such user" },
  // The state of the world says no.
  EMAIL_TAKEN: { code: 6, status: 409, retryable: false, title: "The address has an account" },
  SOLD_OUT: { code: 9, status: 409, retryable: false, title: "Sold out" },
  LIMIT_EXCEEDED: { code: 9, status: 409, retryable: false, title: "More than one user may have" },
  CAPACITY_BELOW_TAKEN: {
    code: 9,
    status: 409,
    retryable: false,
    title: "More units than that are taken",
  },
  SALES_CLOSED: { code: 9, status: 403, retryable: false, title: "Not on sale now" },
  PASS_REQUIRED: { code: 9, status: 428, retryable: false, title: "Join the waiting room first" },
  PASS_INVALID: { code: 9, status: 403, retryable: false, title: "The pass is not valid here" },
  PASS_EXPIRED: { code: 9, status: 410, retryable: false, title: "The pass has expired" },
  PASS_USED: { code: 9, status: 409, retryable: false, title: "The pass was used" },
  DRAW_NOT_YET: { code: 9, status: 425, retryable: true, title: "The draw has not been made" },
  ILLEGAL_MOVE: { code: 9, status: 409, retryable: false, title: "Not possible in this state" },
  CANCEL_NOT_ALLOWED: { code: 9, status: 409, retryable: false, title: "Too late to cancel" },
  EXTEND_LIMIT: { code: 9, status: 409, retryable: false, title: "Extended as often as allowed" },
  HOLD_EXPIRED: { code: 9, status: 410, retryable: false, title: "The hold has expired" },
  ALLOCATION_CONFLICT: {
    code: 9,
    status: 409,
    retryable: false,
    title: "Granted for something else",
  },
  ALLOCATION_NOT_HELD: { code: 9, status: 409, retryable: false, title: "Not held any more" },
  IDEMPOTENCY_KEY_REUSED: {
    code: 9,
    status: 422,
    retryable: false,
    title: "The key was used for another request",
  },
  FENCED: { code: 9, status: 503, retryable: true, title: "The lock was lost" },
  // What a service of a later release says, of which this one knows the gRPC code alone; detail tells more.
  NOT_FOUND: { code: 5, status: 404, retryable: false, title: "There is no such thing" },
  REFUSED: { code: 9, status: 409, retryable: false, title: "Refused" },
  // Later, perhaps.
  REQUEST_IN_PROGRESS: { code: 10, status: 409, retryable: true, title: "Still running" },
  RATE_LIMITED: { code: 8, status: 429, retryable: true, title: "Too many requests" },
  TOO_BUSY: { code: 8, status: 429, retryable: true, title: "Too busy; try again later" },
  WAITING_ROOM_FULL: { code: 9, status: 429, retryable: true, title: "The waiting room is full" },
  WAITING_ROOM_UNAVAILABLE: {
    code: 14,
    status: 503,
    retryable: true,
    title: "The waiting room is closed for a moment",
  },
  OVERLOADED: { code: 14, status: 503, retryable: true, title: "Overloaded; try again later" },
  DEPENDENCY_UNAVAILABLE: { code: 14, status: 503, retryable: true, title: "Try again later" },
  DEADLINE_EXCEEDED: { code: 4, status: 504, retryable: true, title: "It took too long" },
  CANCELLED: { code: 1, status: 499, retryable: true, title: "The caller went away" },
  // The last event of a stream; of no call.
  STREAM_REPLACED: {
    code: 10,
    status: 409,
    retryable: false,
    title: "Newer streams of the same person go on",
  },
  // A bug.
  UNIMPLEMENTED: { code: 12, status: 501, retryable: false, title: "Not implemented" },
  INTERNAL: { code: 13, status: 500, retryable: false, title: "Something went wrong here" },
} as const satisfies Readonly<
  Record<string, { code: number; status: number; retryable: boolean; title: string }>
>;

/** A stable name for a failure. */
export type Reason = keyof typeof REASONS;

/** True when `text` is a reason of the catalogue. */
export function isReason(text: string): text is Reason {
  return Object.hasOwn(REASONS, text);
}
