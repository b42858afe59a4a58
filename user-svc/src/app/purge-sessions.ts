import type { SessionStore } from "./session-store.ts";

/** How many rows of a table are removed at a time: more would hold locks, and replication, up. */
const BITE = 500;

/**
 * Removes expired sessions and refresh tokens, in bites, until little is left or `isStopped`. What
 * expires meanwhile waits for the next time: a busy day's would keep it busy all day.
 */
export async function purgeSessions(
  sessions: Pick<SessionStore, "purge">,
  isStopped: () => boolean,
): Promise<void> {
  while (!isStopped() && (await sessions.purge(BITE)) >= BITE) {
    // Again, while bites are full.
  }
}
