import type { IssuedToken } from "../domain/session.ts";

/** A session's first refresh token, or the next one. */
export interface TokenGrant {
  sessionId: string;
  /** SHA-256 of its secret. */
  secretHash: Buffer;
  createTime: Date;
  expireTime: Date;
}

/** One exchange of a refresh token for the next. */
export interface Rotation {
  /** SHA-256 of the secret that is used up. */
  usedHash: Buffer;
  /** Its generation. */
  generation: number;
  /** SHA-256 of the request id that uses it up. */
  requestKey: Buffer;
  next: TokenGrant;
}

/** Why a session ended before its time. */
export type EndReason = "signed_out" | "replayed";

/** Where sessions are kept. Every method throws DEPENDENCY_UNAVAILABLE when the store is away. */
export interface SessionStore {
  insert(userId: string, first: TokenGrant): Promise<void>;
  /** Finds a token that was issued in this session. */
  findToken(sessionId: string, secretHash: Buffer): Promise<IssuedToken | undefined>;
  /**
   * Exchanges the newest token for the next, atomically. False, and nothing changed, when it is
   * not the newest any more or the session has ended: of any number of rivals one gets true.
   */
  rotate(rotation: Rotation): Promise<boolean>;
  /** Ends a session of a user, once. True when this call did. */
  end(ending: {
    sessionId: string;
    userId: string;
    reason: EndReason;
    endTime: Date;
  }): Promise<boolean>;
  /**
   * Removes sessions and tokens that have expired by the store's clock, `limit` of each at most;
   * returns how many.
   */
  purge(limit: number): Promise<number>;
}
