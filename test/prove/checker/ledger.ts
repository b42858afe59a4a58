import type { Claim, Violation } from "./violation.ts";

/** Which claim each kind of sentence is about; the rest is about units that do not add up. */
const SENTENCES: readonly (readonly [RegExp, Claim])[] = [
  [/OVERSOLD/, "nothing is sold twice"],
  [/^user /, "nobody has more than the limit"],
  [/was published last$/, "the event stream replays to the same state"],
  [/^(reservation|allocation) /, "every unknown outcome resolves to exactly one"],
];

/** Begins a sentence that is about the same as the one before. */
const MORE = "… and ";

/** The ledger's own invariants, as violations; they know nothing of the history. */
export function ledgerViolations(ledger: readonly string[]): Violation[] {
  let claim: Claim = "units add up to the capacity";
  return ledger.map((what) => {
    if (!what.startsWith(MORE)) {
      const found = SENTENCES.find(([pattern]) => pattern.test(what));
      claim = found?.[1] ?? "units add up to the capacity";
    }
    return { claim, what, history: [] };
  });
}
