import type { EventOnSale } from "../event-on-sale.ts";
import type { Operation } from "../history.ts";
import type { Line } from "../lines.ts";

/** Units by ticket type; lines of one type are summed. */
export function unitsByType(items: readonly Line[]): Map<string, number> {
  const units = new Map<string, number>();
  for (const { ticketTypeId, quantity } of items) {
    units.set(ticketTypeId, (units.get(ticketTypeId) ?? 0) + quantity);
  }
  return units;
}

/** All units of all types. */
export function unitsIn(items: readonly Line[]): number {
  return items.reduce((sum, { quantity }) => sum + quantity, 0);
}

/** What is wanted, as a text that is the same for the same wish. */
export function contentOf(items: readonly Line[]): string {
  return [...unitsByType(items)]
    .map(([ticketTypeId, quantity]) => `${quantity} of ${ticketTypeId}`)
    .sort()
    .join(", ");
}

/** What units cost at an event, in minor units. */
export function priceOf({ ticketTypes }: EventOnSale, items: readonly Line[]): number {
  const prices = new Map(ticketTypes.map(({ id, priceMinor }) => [id, priceMinor]));
  return items.reduce(
    (sum, { ticketTypeId, quantity }) => sum + quantity * (prices.get(ticketTypeId) ?? 0),
    0,
  );
}

/** True when the operation had its effect, or may have had it. */
export function mayHaveBeenDone({ outcome }: Operation): boolean {
  return outcome !== "refused";
}

/** The units that live claims have of each ticket type. */
export function sumOf(claims: readonly { items: readonly Line[] }[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { items } of claims) {
    for (const { ticketTypeId, quantity } of items) {
      sums.set(ticketTypeId, (sums.get(ticketTypeId) ?? 0) + quantity);
    }
  }
  return sums;
}
