import type { Ledger } from "./ledger.ts";
import type { ReservationStore } from "./reservation-store.ts";

/** What became of a reservation that claimed a pass: `granted` is made when its request comes again. */
export type ClaimOutcome = "made" | "granted" | "nothing";

/** Finds out what became of a reservation that claimed a pass, and was not heard of since. */
export async function claimOutcome(
  deps: {
    store: Pick<ReservationStore, "find">;
    ledger: Pick<Ledger, "find">;
    ledgerTimeoutMs: number;
  },
  id: string,
): Promise<ClaimOutcome> {
  if ((await deps.store.find([id])).length > 0) {
    return "made";
  }
  const granted = await deps.ledger.find([id], { timeoutMs: deps.ledgerTimeoutMs });
  return granted.get(id)?.hasUnits === true ? "granted" : "nothing";
}
