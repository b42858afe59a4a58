import { dependencyUnavailable, ServiceError } from "./service-error.ts";

/** Names of failures after which the same work may succeed later. */
const TRANSIENT = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "PROTOCOL_CONNECTION_LOST",
  "PROTOCOL_SEQUENCE_TIMEOUT",
  "POOL_CLOSED",
  "ER_CON_COUNT_ERROR",
  "ER_TOO_MANY_USER_CONNECTIONS",
  "ER_USER_LIMIT_REACHED",
  "ER_SERVER_SHUTDOWN",
  // MySQL says why it ends a connection: an operator's maintenance, or a client that was frozen.
  "ER_SERVER_OFFLINE_MODE",
  "ER_CLIENT_INTERACTION_TIMEOUT",
  "ER_LOCK_WAIT_TIMEOUT",
  "ER_LOCK_DEADLOCK",
  "ER_LOCK_NOWAIT",
  "ER_QUERY_TIMEOUT",
  // What was the writer until a failover says so; its connections are closed with the failure.
  "ER_OPTION_PREVENTS_STATEMENT",
  "ER_READ_ONLY_MODE",
  "ER_CHECKREAD",
  // Somebody made room for others, and room on a full disk is made as well.
  "ER_QUERY_INTERRUPTED",
  "ER_RECORD_FILE_FULL",
  "ER_DISK_FULL",
  "ER_ERROR_ON_WRITE",
]);

/** What a lock that somebody else has fails with; without waiting MySQL calls it the latter. */
const LOCKED = new Set(["ER_LOCK_WAIT_TIMEOUT", "ER_LOCK_NOWAIT"]);

/** What a failure of the store means to a caller; bugs stay what they are. */
export function storeFailure(reason: unknown): unknown {
  if (reason instanceof ServiceError && reason.reason !== "DEADLINE_EXCEEDED") {
    return reason;
  }
  return isTransient(reason) ? dependencyUnavailable("mysql", reason) : reason;
}

/** True when the same may succeed later. */
export function isTransient(reason: unknown): boolean {
  return (
    reason instanceof ServiceError ||
    TRANSIENT.has(codeOf(reason)) ||
    isPoolFull(reason) ||
    isKnownByWords(reason)
  );
}

/** True when as many callers waited for a connection as may. */
export function isPoolFull(reason: unknown): boolean {
  return reason instanceof Error && reason.message === "Queue limit reached.";
}

/**
 * The driver's own failures have no codes, and it knows no names of those that are MariaDB's alone.
 * The words of all others are not looked at: they may quote what somebody wrote.
 */
function isKnownByWords(reason: unknown): boolean {
  const words =
    /closed state|Pool is closed|Connection lost|Connection was killed|max_statement_time exceeded/i;
  return reason instanceof Error && codeOf(reason) === "" && words.test(reason.message);
}

/** True when a unique key said no. */
export function isDuplicate(reason: unknown): boolean {
  return codeOf(reason) === "ER_DUP_ENTRY";
}

/** True when a lock that somebody else has was waited for in vain; nothing was left behind. */
export function isLockTimeout(reason: unknown): boolean {
  return LOCKED.has(codeOf(reason instanceof ServiceError ? reason.cause : reason));
}

/** True when it was waited for in vain. */
export function isTimeout(reason: unknown): boolean {
  return reason instanceof ServiceError
    ? reason.reason === "DEADLINE_EXCEEDED"
    : codeOf(reason) === "PROTOCOL_SEQUENCE_TIMEOUT";
}

/** What the driver, or Node, calls a failure; empty for what has no such name. */
export function codeOf(failure: unknown): string {
  const code = failure instanceof Error && "code" in failure ? failure.code : undefined;
  return typeof code === "string" ? code : "";
}
