import { STATE_NUMBERS } from "../../inventory-svc/src/mysql/ledger-rows.ts";
import { STATE_CODES } from "../../reservation-svc/src/mysql/reservation-row.ts";
import type { EventShape } from "./event-shape.ts";
import { mix } from "./mix.ts";
import { buyerOf, DAY_MS } from "./plan.ts";

/** How long a hold is, in milliseconds. */
const HOLD_MS = 600_000;
/**
 * Holds that are still open end years from now: millions that ended while somebody measures
 * would keep every sweeper busy.
 */
const OPEN_HOLD_MS = 10 * 365 * DAY_MS;

/** One reservation, with its allocation. One is reused for reservation after reservation. */
export class ReservationShape {
  user = 0;
  type = 0;
  quantity = 0;
  /** As reservation-svc stores it, and as inventory-svc does. */
  state: number = STATE_CODES.held;
  allocationState: number = STATE_NUMBERS.HELD;
  createMs = 0;
  expireMs = 0;
  updateMs = 0;

  /** True while its units are counted as held, and as sold. */
  get isHeld(): boolean {
    return this.state === STATE_CODES.held;
  }

  get isSold(): boolean {
    return this.state === STATE_CODES.confirmed;
  }

  /** Becomes the reservation with this index in an event. */
  become(event: EventShape, index: number): void {
    this.becomeUnits(event, index);
    const { users } = event.plan.spec;
    const bits = mix(event.bits + 2, index);
    this.user = buyerOf(users, event.count, index, event.bits);
    // Most come when a sale opens.
    const share = (index + (bits & 0xff) / 256) / event.count;
    this.createMs = Math.floor(event.openMs + event.soldForMs * share * share * share);
    this.expireMs = this.createMs + HOLD_MS;
    const leftMs = HOLD_MS - ((bits >>> 8) % HOLD_MS);
    this.updateMs = this.expireMs - leftMs;
    if (this.state === STATE_CODES.held) {
      this.expireMs += OPEN_HOLD_MS;
      this.updateMs = this.createMs;
    } else if (this.state === STATE_CODES.expired) {
      this.updateMs = this.expireMs;
    }
  }

  /** As `become`, but only as far as stock is concerned. */
  becomeUnits(event: EventShape, index: number): void {
    const bits = mix(event.bits + 1, index);
    const place = bits % 16;
    this.type = Math.min(event.typeCount - 1, place < 10 ? 0 : place < 14 ? 1 : 2);
    this.quantity = QUANTITIES[(bits >>> 4) % QUANTITIES.length] ?? 1;
    const lot = (bits >>> 12) % 100;
    if (lot < 70 || (lot >= 95 && !event.isOnSale)) {
      this.state = STATE_CODES.confirmed;
      this.allocationState = STATE_NUMBERS.COMMITTED;
    } else if (lot < 86) {
      this.state = STATE_CODES.expired;
      this.allocationState = STATE_NUMBERS.RELEASED;
    } else if (lot < 95) {
      this.state = STATE_CODES.cancelled;
      this.allocationState = STATE_NUMBERS.VOIDED;
    } else {
      this.state = STATE_CODES.held;
      this.allocationState = STATE_NUMBERS.HELD;
    }
  }
}

/** Most buy for two. */
const QUANTITIES = [1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 4] as const;
