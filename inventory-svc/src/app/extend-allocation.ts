import { invalidField } from "@tessera/service-kit/service-error";
import { allocationNotFound, allocationNotHeld, asError } from "../domain/errors.ts";
import type { Ledger } from "./ledger.ts";
import type { LedgerMetrics } from "./ledger-metrics.ts";

/** How long after it was granted an allocation lapses at the latest, in seconds. */
const MAX_HOLD_SECONDS = 7_200;

/**
 * Moves the time at which a held allocation lapses; returns when that is now.
 *
 * A time before the stored one changes nothing. Throws ALLOCATION_NOT_FOUND,
 * ALLOCATION_NOT_HELD, and INVALID_FIELD beyond 2 hours after the grant.
 */
export async function extendAllocation(
  deps: { ledger: Ledger; metrics: LedgerMetrics },
  allocationId: string,
  expireTime: Date,
): Promise<Date> {
  const found = await deps.ledger.extend(allocationId, expireTime, MAX_HOLD_SECONDS);
  if (found === undefined) {
    throw asError(allocationNotFound(allocationId));
  }
  if (found.state !== "HELD") {
    throw asError(allocationNotHeld(allocationId));
  }
  if (expireTime.getTime() > found.createTime.getTime() + MAX_HOLD_SECONDS * 1000) {
    throw invalidField("expire_time", "must be within 2 hours after the allocation was granted");
  }
  deps.metrics.outcome("extend", "extended");
  return found.expireTime;
}
