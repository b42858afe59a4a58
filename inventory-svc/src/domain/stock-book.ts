import type { Line, StockDelta, StockLine } from "./ledger.ts";

/** Where a unit can be. */
type Place = "available" | "held" | "sold";

/** A working copy of an event's stock: decisions move units in it, and it tells what changed. */
export class StockBook {
  readonly #before: readonly StockLine[];
  readonly #lines: Map<number, StockLine>;

  constructor(stock: readonly StockLine[]) {
    this.#before = stock;
    this.#lines = new Map(stock.map((line) => [line.position, { ...line }]));
  }

  /** The first ticket type that has fewer units left than `lines` want. */
  shortOf(lines: readonly Line[]): StockLine | undefined {
    for (const { position, quantity } of lines) {
      const line = this.#at(position);
      if (line.available < quantity) {
        return line;
      }
    }
    return undefined;
  }

  /** Moves the units of `lines`. Throws when they are not there: that would be a bug. */
  move(lines: readonly Line[], from: Place, to: Place): void {
    for (const { position, quantity } of lines) {
      const line = this.#at(position);
      if (line[from] < quantity) {
        throw new RangeError(`ticket type ${line.ticketTypeId} has too few ${from} units`);
      }
      line[from] -= quantity;
      line[to] += quantity;
    }
  }

  /** What the units cost. */
  priceOf(lines: readonly Line[]): number {
    return lines.reduce(
      (sum, { position, quantity }) => sum + this.#at(position).priceMinor * quantity,
      0,
    );
  }

  /** What changed; ticket types without a change are left out. */
  deltas(): StockDelta[] {
    return this.#before
      .map((before) => {
        const after = this.#at(before.position);
        return {
          position: before.position,
          available: after.available - before.available,
          held: after.held - before.held,
          sold: after.sold - before.sold,
        };
      })
      .filter(({ available, held, sold }) => available !== 0 || held !== 0 || sold !== 0);
  }

  #at(position: number): StockLine {
    const line = this.#lines.get(position);
    if (line === undefined) {
      throw new RangeError(`the event has no ticket type at position ${position}`);
    }
    return line;
  }
}
