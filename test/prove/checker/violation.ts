import type { Operation } from "../history.ts";

/** What is promised, whatever breaks. */
export const CLAIMS = [
  "acknowledged reservations exist, and belong to their buyer",
  "nothing is sold twice",
  "units add up to the capacity",
  "nothing is left unsold while somebody wants it",
  "nobody has more than the limit",
  "one key has one effect",
  "no state is moved against the rules",
  "every unknown outcome resolves to exactly one",
  "the event stream replays to the same state",
  "nobody is lost in the waiting room",
  "answers are honest",
  "failures are told as failures",
] as const;

/** One of the promises. */
export type Claim = (typeof CLAIMS)[number];

/** A broken promise. */
export interface Violation {
  claim: Claim;
  /** What is wrong, in a sentence with the ids. */
  what: string;
  /** The shortest part of the history that shows it, oldest first; may be empty. */
  history: readonly Operation[];
}
