import type { SessionStore } from "./session-store.ts";

/** Removes expired sessions and refresh tokens, in small bites, until none is left or `isStopped`. */
export async function purgeSessions(
  sessions: Pick<SessionStore, "purge">,
  isStopped: () => boolean,
): Promise<void> {
  while (!isStopped() && (await sessions.purge()) > 0) {
    // Again, until nothing is left.
  }
}
