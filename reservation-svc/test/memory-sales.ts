import { ServiceError } from "@tessera/service-kit/service-error";
import type { SaleSource } from "../src/app/sales.ts";
import type { Sale, Stock } from "../src/domain/waiting-room.ts";

/** What inventory knows of events' sales, in memory. */
export class MemorySales implements SaleSource {
  readonly events = new Map<string, { sale: Sale; stock: Stock }>();
  readonly calls = { saleOf: 0, stockOf: 0 };
  /** Throw, to fail a call. */
  before: () => Promise<void> = () => Promise.resolve();

  add(sale: Sale, stock: Stock = { capacity: 100, available: 100, held: 0 }): void {
    this.events.set(sale.eventId, { sale, stock });
  }

  async saleOf(eventId: string): Promise<Sale> {
    this.calls.saleOf += 1;
    await this.before();
    return this.#event(eventId).sale;
  }

  async stockOf(eventId: string): Promise<Stock> {
    this.calls.stockOf += 1;
    await this.before();
    return this.#event(eventId).stock;
  }

  #event(eventId: string) {
    const event = this.events.get(eventId);
    if (event === undefined) {
      throw new ServiceError("EVENT_NOT_FOUND", `no event ${eventId}`);
    }
    return event;
  }
}
