import { STATE_CODES } from "../../reservation-svc/src/mysql/reservation-row.ts";
import type { Outcome } from "./crowd.ts";
import type { LedgerReading } from "./ledger.ts";

/** One thing that must hold whatever happened. */
export interface Invariant {
  name: string;
  /** What was found wrong, a few examples at most; empty when it holds. */
  violations: string[];
}

/** An invariant as a line of a report. */
export function told({ name, violations }: Invariant): string {
  return violations.length === 0
    ? `ok    ${name}`
    : `WRONG ${name}: ${violations.slice(0, 5).join("; ")}`;
}

/** Compares what the databases say with itself, and with what the buyers were told. */
export function invariants(ledger: LedgerReading, outcome: Outcome): Invariant[] {
  const soldUnits = ledger.stock.reduce((sum, { sold }) => sum + sold, 0);
  return [
    {
      name: "the ledger adds up: capacity, counters, allocations, limits, reservations, moves",
      violations: ledger.violations,
    },
    {
      name: "every reservation that was acknowledged exists, and no other",
      violations: unacknowledged(ledger, outcome),
    },
    {
      name: "each is in the state that its buyer was told",
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

function wrongStates(
  { reservations }: LedgerReading,
  ids: Iterable<string>,
  ...states: State[]
): string[] {
  const codes = states.map((state): number => STATE_CODES[state]);
  return [...ids]
    .filter((id) => !codes.includes(reservations.get(id) ?? 0))
    .map((id) => `${id} is in state ${reservations.get(id)}, not ${states[0]}`);
}
