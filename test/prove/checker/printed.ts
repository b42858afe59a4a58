import type { Operation, Wish } from "../history.ts";
import type { Line } from "../lines.ts";
import type { Violation } from "./violation.ts";

/** A longer history is cut: whoever wants more has the file. */
const ROWS = 30;

/** A violation in words, with a table of its history: time, who, what, key, outcome, told. */
export function printed({ claim, what, history }: Violation): string {
  const rows = [...history].sort((one, other) => one.startMs - other.startMs).slice(0, ROWS);
  const more = history.length - rows.length;
  return [
    `BROKEN: ${claim}`,
    `  ${what}`,
    ...table(rows.map(rowOf)),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ].join("\n");
}

function rowOf(operation: Operation): string[] {
  const { number, startMs, endMs, userId, wish, key, outcome } = operation;
  const end = endMs === undefined ? "…" : endMs.toFixed(0);
  return [
    `#${number}`,
    `${startMs.toFixed(0)}-${end} ms`,
    short(userId),
    wishOf(wish),
    key === undefined ? "" : `key ${key.slice(-12)}`,
    outcome,
    toldIn(operation),
  ];
}

function wishOf(wish: Wish): string {
  switch (wish.kind) {
    case "reserve":
      return `reserve ${linesOf(wish.items)}${wish.pass === undefined ? "" : " with a pass"}`;
    case "confirm":
      return `confirm ${short(wish.reservationId)} with ${short(wish.paymentReference)}`;
    case "cancel":
    case "extend":
    case "look":
      return `${wish.kind} ${short(wish.reservationId)}`;
    case "capacity":
      return `capacity of ${short(wish.ticketTypeId)} to ${wish.capacity}`;
    default:
      return `${wish.kind} ${short(wish.eventId)}`;
  }
}

function toldIn({ told, lost }: Operation): string {
  if (told === undefined) {
    return lost ?? "";
  }
  const { status, code, isReplay, reservation, place } = told;
  return [
    status,
    code,
    reservation && `${short(reservation.id)} ${reservation.state} ${reservation.expiresAt}`,
    place && `${place.state} ${place.position ?? ""}`,
    isReplay ? "again" : undefined,
  ]
    .filter((part) => part !== undefined)
    .join(" ");
}

function linesOf(items: readonly Line[]): string {
  return items.map(({ ticketTypeId, quantity }) => `${quantity}×${short(ticketTypeId)}`).join(" ");
}

/** Ids are told apart by their beginnings. */
function short(id: string): string {
  return id.slice(0, 8);
}

function table(rows: readonly string[][]): string[] {
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths?.[column] ?? 0)).join("  ")}`.trimEnd(),
  );
}
