import type { EventOnSale } from "../event-on-sale.ts";
import type { Operation, ToldReservation, Wish } from "../history.ts";
import type { Desk } from "./desk.ts";
import type { Purchase, Step } from "./errand.ts";
import type { Person } from "./person.ts";

/** A second press of the same button comes so much later, in milliseconds. */
const DOUBLE_CLICK_MS = 15;
/** A hold is over so long after its end, in milliseconds; a sweeper may or may not have been there. */
const LAPSE_MS = 500;

/** A wish under its key. */
interface Request {
  wish: Wish;
  key: string | undefined;
}

/** One person on one errand: reserves, and does what was planned with it. */
export class Shopper {
  readonly person: Person;
  readonly event: EventOnSale;
  readonly #desk: Desk;
  readonly #purchase: Purchase;
  readonly #keyPrefix: string;
  #keys = 0;

  constructor(options: {
    desk: Desk;
    person: Person;
    event: EventOnSale;
    purchase: Purchase;
    /** Of all keys of this errand. */
    keyPrefix: string;
  }) {
    this.person = options.person;
    this.event = options.event;
    this.#desk = options.desk;
    this.#purchase = options.purchase;
    this.#keyPrefix = options.keyPrefix;
  }

  /** Reserves; resolves to the reservation if that worked, as far as is known. */
  async reserve(pass?: string): Promise<ToldReservation | undefined> {
    const { id: eventId, ticketTypes } = this.event;
    const items = this.#purchase.lines.map(({ type, quantity }) => ({
      ticketTypeId: ticketTypes[type]?.id ?? "",
      quantity,
    }));
    const wish: Wish = { kind: "reserve", eventId, items, ...(pass === undefined ? {} : { pass }) };
    return (await this.#press(this.#requestOf(wish))).told?.reservation;
  }

  /** Does one planned step after the other; ends early when one is left unknown. */
  async follow(reservation: ToldReservation): Promise<void> {
    let last: Request | undefined;
    for (const step of this.#purchase.steps) {
      await this.#desk.pause(this.#purchase.thinkMs);
      if (step === "lapse") {
        await this.#desk.dawdle(this.event.holdSeconds * 1000 + LAPSE_MS);
        continue;
      }
      const requests =
        step === "again" && last !== undefined ? [last] : this.#plan(step, reservation);
      const done = await Promise.all(requests.map((request) => this.#press(request)));
      if (done.some(({ outcome }) => outcome === "unknown")) {
        return;
      }
      last = requests[0];
    }
  }

  #plan(step: Exclude<Step, "lapse">, { id }: ToldReservation): Request[] {
    const named = { eventId: this.event.id, reservationId: id };
    const confirm: Wish = { kind: "confirm", ...named, paymentReference: `pay-${id}` };
    switch (step) {
      case "confirm":
        return [this.#requestOf(confirm)];
      case "rivals":
        return [this.#requestOf(confirm), this.#requestOf({ kind: "cancel", ...named })];
      case "cancel":
      case "extend":
        return [this.#requestOf({ kind: step, ...named })];
      case "look":
      case "again":
        return [{ wish: { kind: "look", ...named }, key: undefined }];
    }
  }

  #requestOf(wish: Wish): Request {
    this.#keys += 1;
    return { wish, key: `${this.#keyPrefix}-${this.#keys}` };
  }

  /** Sends it as often at once as this person does; resolves to what is best known of it. */
  async #press(request: Request): Promise<Operation> {
    const presses = [this.#send(request)];
    if (this.#purchase.clicks === 2 && request.key !== undefined) {
      presses.push(this.#desk.pause(DOUBLE_CLICK_MS).then(() => this.#send(request)));
    }
    const [first, ...others] = await Promise.all(presses);
    const known = [first, ...others].find((one) => one?.outcome !== "unknown") ?? first;
    if (known === undefined) {
      throw new Error("nothing was sent");
    }
    return known;
  }

  #send({ wish, key }: Request): Promise<Operation> {
    return this.#purchase.isPatient
      ? this.#desk.insist(this.person, wish, key)
      : this.#desk.ask(this.person, wish, key);
  }
}
