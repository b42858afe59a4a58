import { uuidFromBytes } from "@tessera/service-kit/uuid";
import { encodeAll, pick } from "./encoded.ts";
import { KINDS, mix, writeUuid } from "./mix.ts";
import { DAY_MS, type DatasetPlan, saleTimes, unitsPerUser } from "./plan.ts";
import { CURRENCIES, TICKET_TYPES } from "./words.ts";

const CURRENCY_TEXTS = encodeAll(CURRENCIES);
/** Ticket types of one event, at most. */
const TYPES_MAX = 3;

/** What an event's other rows need to know of it. One is reused for event after event. */
export class EventShape {
  readonly plan: DatasetPlan;
  event = -1;
  bits = 0;
  count = 0;
  first = 0;
  typeCount = 0;
  maxPerUser = 0;
  currencyText: Buffer = pick(CURRENCY_TEXTS, 0);
  typeNames: readonly string[] = [];
  createMs = 0;
  openMs = 0;
  closeMs = 0;
  startMs = 0;
  /** True while tickets are being sold on the data set's date. */
  isOnSale = false;
  /** The id of each ticket type, and its text form as `items` stores it. */
  readonly typeIds: readonly Buffer[] = bytes(16);
  readonly typeTexts: readonly Buffer[] = bytes(36);
  readonly id: Buffer = Buffer.alloc(16);

  constructor(plan: DatasetPlan) {
    this.plan = plan;
  }

  /** Becomes the event with this number. */
  become(event: number): void {
    if (event === this.event) {
      return;
    }
    const { plan } = this;
    const { spec } = plan;
    this.event = event;
    this.bits = mix(spec.seed + 21, event);
    this.first = plan.firstOf(event);
    this.count = plan.countOf(event);
    this.typeCount = 1 + (this.bits % TYPES_MAX);
    this.maxPerUser = unitsPerUser(this.count, spec.users);
    this.currencyText = pick(CURRENCY_TEXTS, this.bits >>> 4);
    this.typeNames = TICKET_TYPES[(this.bits >>> 7) % TICKET_TYPES.length] ?? [];
    Object.assign(this, saleTimes(spec, event));
    this.isOnSale = this.openMs < spec.dateMs && spec.dateMs < this.closeMs;
    writeUuid(this.id, spec.seed, KINDS.event, event);
    for (let type = 0; type < TYPES_MAX; type += 1) {
      const id = this.typeIds[type] ?? this.id;
      writeUuid(id, spec.seed, KINDS.ticketType, event * TYPES_MAX + type);
      this.typeTexts[type]?.write(uuidFromBytes(id), "latin1");
    }
  }

  /** The price of one unit, in minor units. */
  priceOf(type: number): number {
    return (10 + ((this.bits >>> 9) % 50)) * 100 * (1 + type);
  }

  /** How many units of a ticket type there are, of which so many are held or sold. */
  capacityOf(type: number, taken: number): number {
    const bits = mix(this.bits, type);
    const isSoldOut = taken > 0 && bits % 8 === 0;
    return isSoldOut ? taken : (Math.floor((taken * 1.4) / 50) + 1 + (bits % 40)) * 50;
  }

  /** For how long tickets were sold until the data set's date, in milliseconds. */
  get soldForMs(): number {
    return Math.min(this.closeMs, this.plan.spec.dateMs - DAY_MS / 24) - this.openMs;
  }
}

function bytes(length: number): Buffer[] {
  return Array.from({ length: TYPES_MAX }, () => Buffer.alloc(length));
}
