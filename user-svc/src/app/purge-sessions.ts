import type { SessionStore } from "./session-store.ts";

/** The most rounds of one purge; the next one goes on. */
const ROUNDS_MAX = 100;

/** Removes expired sessions and refresh tokens, in small bites; returns how many rows went. */
export async function purgeSessions(sessions: Pick<SessionStore, "purge">): Promise<number> {
  let total = 0;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const removed = await sessions.purge();
    total += removed;
    if (removed === 0) {
      break;
    }
  }
  return total;
}
