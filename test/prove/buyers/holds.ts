import type { ToldReservation } from "../history.ts";

/** What people hold now, as far as they were told. */
export class Holds {
  readonly #held = new Map<string, { units: number; endTime: number }>();

  /** There was news of a reservation. */
  note({ id, state, items, expiresAt }: ToldReservation): void {
    if (state !== "HELD") {
      this.#held.delete(id);
      return;
    }
    const units = items.reduce((sum, { quantity }) => sum + quantity, 0);
    this.#held.set(id, { units, endTime: Date.parse(expiresAt) });
  }

  /** Units that are held at `time`, in milliseconds of the epoch; forgets what has lapsed by then. */
  unitsAt(time: number): number {
    let sum = 0;
    for (const [id, { units, endTime }] of this.#held) {
      if (endTime > time) {
        sum += units;
      } else {
        this.#held.delete(id);
      }
    }
    return sum;
  }
}
