import type { Claim, Violation } from "./violation.ts";

/** Which claim each kind of sentence is about; the rest is about units that do not add up. */
const SENTENCES: readonly (readonly [RegExp, Claim])[] = [
  [/OVERSOLD/, "nothing is sold twice"],
  [/^user /, "nobody has more than the limit"],
  [/was published last$/, "the event stream replays to the same state"],
  [/^(reservation|allocation) /, "every unknown outcome resolves to exactly one"],
];

/** The ledger's own invariants, as violations; they know nothing of the history. */
export function ledgerViolations(ledger: readonly string[]): Violation[] {
  return ledger.map((what) => {
    const found = SENTENCES.find(([pattern]) => pattern.test(what));
    return { claim: found?.[1] ?? "units add up to the capacity", what, history: [] };
  });
}
