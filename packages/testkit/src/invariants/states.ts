/** As inventory-svc stores states of allocations. */
export const ALLOCATION = { held: 1, committed: 2, released: 3, voided: 4 } as const;
/** As reservation-svc stores those of reservations. */
export const RESERVATION = {
  held: 1,
  confirming: 2,
  confirmed: 3,
  cancelled: 4,
  expired: 5,
} as const;

/** A state in a word; "missing" when there is none. */
export function nameOf(states: Readonly<Record<string, number>>, state: number | undefined) {
  return Object.entries(states).find(([, value]) => value === state)?.[0] ?? "missing";
}
