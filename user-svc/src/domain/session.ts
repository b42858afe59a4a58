/** What is known of a refresh token that was really issued, and of its session. */
export interface IssuedToken {
  /** A UUID. */
  sessionId: string;
  /** A UUID. */
  userId: string;
  role: "customer" | "organiser";
  /** Where the token stands in its family; the first has 1. */
  generation: number;
  /** The family's newest generation: the only one that may be exchanged. */
  newestGeneration: number;
  /** SHA-256 of the request id that exchanged it; undefined while it was not. */
  rotatedBy: Buffer | undefined;
  expireTime: Date;
  /** Set once the session has ended, by sign-out or by a replay. */
  endTime: Date | undefined;
}

/**
 * What to do about a refresh token:
 * - `rotate`: it is the newest one; exchange it;
 * - `repeat`: the same request exchanged it a moment ago and is delivered again; answer the same;
 * - `replay`: it was exchanged by another request: one of the two holders is a thief, so the
 *   session ends for both;
 * - `refuse`: unknown, expired, or its session has ended; nothing changes.
 */
export type RefreshVerdict = "rotate" | "repeat" | "replay" | "refuse";

/** Judges a token presented at `now` by the request that `requestKey` stands for. */
export function judgeRefresh(
  token: IssuedToken | undefined,
  requestKey: Buffer,
  now: Date,
): RefreshVerdict {
  // A secret that was never issued proves nothing, so a stranger cannot end a session with it.
  if (token === undefined || token.endTime !== undefined || token.expireTime <= now) {
    return "refuse";
  }
  if (token.generation === token.newestGeneration) {
    return "rotate";
  }
  // Only the latest exchange may be delivered again: whoever used its answer has received it.
  const isLatest = token.generation === token.newestGeneration - 1;
  return isLatest && token.rotatedBy?.equals(requestKey) === true ? "repeat" : "replay";
}
