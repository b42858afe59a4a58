/** Where a reservation is in its lifecycle. */
export type ReservationState = "held" | "confirming" | "confirmed" | "cancelled" | "expired";

/**
 * Every legal move. A state with no moves is terminal.
 *
 * `expired → confirming` is the late confirm: it takes the units again, or goes back.
 */
const MOVES: Readonly<Record<ReservationState, readonly ReservationState[]>> = {
  held: ["confirming", "cancelled", "expired"],
  confirming: ["confirmed", "expired"],
  confirmed: ["cancelled"],
  cancelled: [],
  expired: ["confirming"],
};

/** True when a reservation may go from one state to the other. */
export function isLegalMove(from: ReservationState, to: ReservationState): boolean {
  return MOVES[from].includes(to);
}

/** Units of one ticket type. */
export interface Item {
  ticketTypeId: string;
  quantity: number;
}

/** One buyer's claim on units of one event. */
export interface Reservation {
  id: string;
  eventId: string;
  userId: string;
  state: ReservationState;
  items: readonly Item[];
  /** In the currency's minor unit. */
  totalMinor: number;
  currency: string;
  createTime: Date;
  /** When the hold was to end when it was made. */
  firstExpireTime: Date;
  /** When the hold ends. */
  expireTime: Date;
  updateTime: Date;
  paymentReference: string;
  extendCount: number;
  /** True when a late confirm took the units again. */
  isReacquired: boolean;
}

/** How often a hold may be extended. */
export const EXTENDS_MAX = 3;
/** How long after it was made a hold ends at the latest, in milliseconds. */
export const HOLD_MAX_MS = 2 * 60 * 60 * 1000;

/** The reservation as it was first answered; later moves do not show. */
export function asFirstAnswered(reservation: Reservation): Reservation {
  return {
    ...reservation,
    state: "held",
    expireTime: reservation.firstExpireTime,
    updateTime: reservation.createTime,
    paymentReference: "",
    extendCount: 0,
    isReacquired: false,
  };
}

/**
 * When the hold would end if it were extended at `now`: the event's hold time from now, within
 * the cap. Not later than it ends already means that the cap is reached.
 */
export function extendedExpireTime(reservation: Reservation, now: Date): Date {
  const { createTime, firstExpireTime } = reservation;
  const holdMs = firstExpireTime.getTime() - createTime.getTime();
  return new Date(Math.min(now.getTime() + holdMs, createTime.getTime() + HOLD_MAX_MS));
}

/** True when its hold ended so long ago that a payment does not take the units again. */
export function isTooLate(
  { state, expireTime }: Reservation,
  now: Date,
  lateSeconds: number,
): boolean {
  return state === "expired" && now.getTime() - expireTime.getTime() > lateSeconds * 1000;
}

/** Sums items of one ticket type; the order is that of their first mention. */
export function mergeItems(items: readonly Item[]): Item[] {
  const merged = new Map<string, number>();
  for (const { ticketTypeId, quantity } of items) {
    merged.set(ticketTypeId, (merged.get(ticketTypeId) ?? 0) + quantity);
  }
  return [...merged].map(([ticketTypeId, quantity]) => ({ ticketTypeId, quantity }));
}
