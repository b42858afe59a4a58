import { STATE_CODES } from "../../reservation-svc/src/mysql/reservation-row.ts";
import type { Outcome } from "./crowd.ts";
import { ALLOCATION, type LedgerReading } from "./ledger.ts";

/** One thing that must hold whatever happened. */
export interface Invariant {
  name: string;
  /** What was found wrong, a few examples at most; empty when it holds. */
  violations: string[];
}

/** Compares what the databases say with itself, and with what the buyers were told. */
export function invariants(ledger: LedgerReading, outcome: Outcome): Invariant[] {
  const { stock, allocated, mostPerUser, maxPerUser } = ledger;
  const soldUnits = stock.reduce((sum, { sold }) => sum + sold, 0);
  return [
    {
      name: "available + held + sold = capacity, for every ticket type",
      violations: stock
        .filter(({ capacity, available, held, sold }) => {
          const isWhole = available + held + sold === capacity;
          return !isWhole || Math.min(available, held, sold) < 0;
        })
        .map((row) => JSON.stringify(row)),
    },
    {
      name: "the counters are the sums of the allocations",
      violations: stock
        .filter(({ held, sold }, position) => {
          const sums = allocated[position];
          return sums?.held !== held || sums?.sold !== sold;
        })
        .map(({ name }) => name),
    },
    {
      name: `nobody has more than ${maxPerUser}`,
      violations: mostPerUser > maxPerUser ? [`somebody has ${mostPerUser}`] : [],
    },
    {
      name: "every reservation that was acknowledged exists, and no other",
      violations: unacknowledged(ledger, outcome),
    },
    {
      name: "each is in the state that its buyer was told, on both sides",
      violations: [
        ...wrongStates(ledger, outcome.confirmed, "confirmed"),
        ...wrongStates(ledger, outcome.cancelled, "cancelled"),
        ...wrongStates(ledger, outcome.letGo, "held", "expired"),
      ].slice(0, 5),
    },
    {
      name: "units sold = units confirmed to buyers: none twice, none lost",
      violations:
        soldUnits === outcome.unitsSold
          ? []
          : [`${soldUnits} in the ledger, ${outcome.unitsSold} confirmed`],
    },
  ];
}

function unacknowledged({ reservations }: LedgerReading, outcome: Outcome): string[] {
  const { confirmed, cancelled, letGo } = outcome;
  const told = new Set([...confirmed, ...cancelled, ...letGo]);
  const lost = [...told].filter((id) => !reservations.has(id)).map((id) => `${id} is lost`);
  const extra = [...reservations.keys()].filter((id) => !told.has(id));
  return [...lost, ...extra.map((id) => `nobody was told of ${id}`)].slice(0, 5);
}

type State = keyof typeof STATE_CODES;

/** What an allocation must be when its reservation is in a state. */
const ALLOCATION_OF: Readonly<Record<State, number>> = {
  held: ALLOCATION.held,
  confirming: ALLOCATION.held,
  confirmed: ALLOCATION.sold,
  cancelled: ALLOCATION.released,
  expired: ALLOCATION.released,
};

function wrongStates(
  { reservations, allocations }: LedgerReading,
  ids: Iterable<string>,
  ...states: State[]
): string[] {
  return [...ids]
    .filter((id) => {
      const state = states.find((one) => STATE_CODES[one] === reservations.get(id));
      return state === undefined || allocations.get(id) !== ALLOCATION_OF[state];
    })
    .map((id) => `${id} is ${reservations.get(id)}/${allocations.get(id)}, not ${states[0]}`);
}
