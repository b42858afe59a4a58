import { admitTimeOf, isOlder } from "../domain/admission.ts";
import type { Ledger } from "./ledger.ts";
import type { ReservationStore } from "./reservation-store.ts";
import type { PassClaim } from "./waiting-room-store.ts";

/** What became of a reservation that claimed a pass: `granted` is made when its request comes again. */
export type ClaimOutcome = "made" | "granted" | "nothing";

/**
 * Finds out what became of a reservation that claimed a pass, and was not heard of since. One that is
 * older than the pass took nothing of it: its request was repeated with a new pass.
 */
export async function claimOutcome(
  deps: {
    store: Pick<ReservationStore, "find">;
    ledger: Pick<Ledger, "find">;
    ledgerTimeoutMs: number;
  },
  { reservationId: id, serial }: Pick<PassClaim, "reservationId" | "serial">,
): Promise<ClaimOutcome> {
  const found = (await deps.store.find([id])).get(id);
  if (found !== undefined) {
    return isOlder(found.reservation, admitTimeOf(serial)) ? "nothing" : "made";
  }
  const granted = await deps.ledger.find([id], { timeoutMs: deps.ledgerTimeoutMs });
  return granted.get(id)?.hasUnits === true ? "granted" : "nothing";
}
