import type { Move } from "./evidence.ts";

/**
 * Who has what after each move, in the order of the moves.
 *
 * A move's number is given out after the ledger took the units, and before it gives them back. So
 * whoever has units here has them in the ledger too. A hold counts until its time is over, for then
 * the ledger may take the units back by itself.
 */
export class Moment {
  readonly #live = new Map<string, Move>();
  readonly #units = new Map<string, number>();
  /** Holds in no order, by the time at which they end. */
  #nextEnd = Number.POSITIVE_INFINITY;
  #latest = Number.NEGATIVE_INFINITY;

  /** The next move. */
  take(move: Move): void {
    this.#latest = Math.max(this.#latest, move.time);
    // Whoever pays has what they had.
    if (move.state !== "CONFIRMING") {
      this.#change(move);
    }
    this.#lapse();
  }

  /** How many units of a ticket type somebody has. */
  unitsOf(ticketTypeId: string): number {
    return this.#units.get(ticketTypeId) ?? 0;
  }

  /** Who has some now. */
  owners(): { id: string; userId: string; items: Move["items"] }[] {
    return [...this.#live.values()].map(({ reservationId, userId, items }) => ({
      ...{ id: reservationId, userId, items },
    }));
  }

  #change(move: Move): void {
    const before = this.#live.get(move.reservationId);
    if (before !== undefined) {
      this.#end(before);
    }
    if (move.state === "CONFIRMED" || move.state === "HELD") {
      this.#begin(move);
    }
  }

  #begin(move: Move): void {
    this.#live.set(move.reservationId, move);
    this.#add(move, 1);
    if (move.state === "HELD") {
      this.#nextEnd = Math.min(this.#nextEnd, move.expireTime);
    }
  }

  #end(move: Move): void {
    this.#live.delete(move.reservationId);
    this.#add(move, -1);
  }

  #add({ items }: Move, sign: 1 | -1): void {
    for (const { ticketTypeId, quantity } of items) {
      this.#units.set(ticketTypeId, this.unitsOf(ticketTypeId) + sign * quantity);
    }
  }

  /** All are looked at only when the first of them is over. */
  #lapse(): void {
    if (this.#latest < this.#nextEnd) {
      return;
    }
    this.#nextEnd = Number.POSITIVE_INFINITY;
    for (const move of this.#live.values()) {
      if (move.state === "HELD" && move.expireTime <= this.#latest) {
        this.#end(move);
      } else if (move.state === "HELD") {
        this.#nextEnd = Math.min(this.#nextEnd, move.expireTime);
      }
    }
  }
}
