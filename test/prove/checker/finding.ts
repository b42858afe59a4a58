import type { Operation } from "../history.ts";
import type { Claim } from "./violation.ts";

/** Something that is wrong with a case. */
export interface Finding {
  /** Tells findings about one case apart; does not change when operations are left out. */
  rule: string;
  /** In a sentence with the ids. */
  what: string;
  /** The operations that show it, when they are known; otherwise those of the case that do. */
  shows?: readonly Operation[];
}

/** How one claim is checked on one kind of case. */
export interface Look<Case> {
  claim: Claim;
  /** Pure, and in time that grows no faster than n log n. */
  findings: (subject: Case) => Finding[];
}
