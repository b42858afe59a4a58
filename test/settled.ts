import { violationsOf } from "@tessera/testkit/invariants";
import type { System } from "@tessera/testkit/processes";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import type { SaleEvent } from "./market.ts";

/** Sweepers finish within seconds what a crash left in the middle. */
const SETTLE_MS = 12_000;

/** Checks that the ledger and the reservations of an event agree, as soon as all is settled. */
export async function expectExact({ mysqlUrls }: System, { id }: SaleEvent): Promise<void> {
  // Nothing is ever sold twice, settled or not.
  expect(await violationsOf(mysqlUrls, { eventId: id, isSettled: false })).to.deep.equal([]);
  let found: string[] = [];
  await until(
    "both sides agree",
    async () => {
      found = await violationsOf(mysqlUrls, { eventId: id, isSettled: true });
      return found.length === 0;
    },
    { patienceMs: SETTLE_MS, everyMs: 100 },
  ).catch(() => undefined);
  expect(found).to.deep.equal([]);
}
