/** How long a read may take, in milliseconds. */
export const READ_TIMEOUT_MS = 1_000;

/**
 * Begins a read that MySQL ends by itself when nobody waits for it any more: closing a connection
 * does not. MariaDB takes it for a comment.
 */
export const BOUNDED_SELECT = `SELECT /*+ MAX_EXECUTION_TIME(${READ_TIMEOUT_MS}) */`;
