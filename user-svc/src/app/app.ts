import type { Clock } from "@tessera/service-kit/clock";
import type { Lane } from "@tessera/service-kit/lane";
import type { HashGate } from "../crypto/hash-gate.ts";
import type { PasswordHasher } from "../crypto/password-hasher.ts";
import type { KeyRing } from "./key-ring.ts";
import type { SessionStore } from "./session-store.ts";
import type { SigningKeyStore } from "./signing-key-store.ts";
import type { UserStore } from "./user-store.ts";

/** How a sign-in ended. */
export type SignInOutcome = "ok" | "bad_credentials" | "too_busy" | "failed";

/** What the use cases tell the metrics. */
export interface Observer {
  signIn(outcome: SignInOutcome): void;
  refreshReplay(): void;
}

/** Everything the use cases need. */
export interface App {
  users: UserStore;
  sessions: SessionStore;
  signingKeys: SigningKeyStore;
  keyRing: KeyRing;
  passwords: PasswordHasher;
  /** Whoever hashes has a turn here, and has it before the look-up: a crowd waits at one door. */
  gate: HashGate;
  /** Where those who are signed in wait for each other, and not where others want to sign in. */
  signedIn: Lane;
  observer: Observer;
  clock: Clock;
  /** Makes a UUID. */
  newId: () => string;
  accessTokenSeconds: number;
  /** Refresh tokens follow from it, of `refreshKeyOf`. */
  refreshKey: Buffer;
  /** How long a refresh token waits to be used, in milliseconds. */
  refreshTokenMs: number;
}
