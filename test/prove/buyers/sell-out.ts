import { eachOf } from "../../storm.ts";
import type { EventOnSale } from "../event-on-sale.ts";
import type { Operation, Wish } from "../history.ts";
import type { Desk } from "./desk.ts";
import type { Person } from "./person.ts";

/** How many buy at once; those in a line mostly wait. */
const AT_ONCE = { outside: 8, inLine: 24 };
/** When to ask again if nobody says so, in milliseconds. */
const POLL_MS = 1_000;

/** Whether there may be more for this person, for others, or for nobody. */
type Rest = "more" | "no more for this one" | "sold out";

/** Buys what is left of one event, unit by unit, until it is sold out or nobody may have more. */
export class SellOut {
  readonly #desk: Desk;
  readonly #event: EventOnSale;
  readonly #people: readonly Person[];
  readonly #keyPrefix: string;
  #keys = 0;

  constructor(options: {
    desk: Desk;
    event: EventOnSale;
    people: readonly Person[];
    /** Of all keys of these purchases. */
    keyPrefix: string;
  }) {
    this.#desk = options.desk;
    this.#event = options.event;
    this.#people = options.people;
    this.#keyPrefix = options.keyPrefix;
  }

  /** Throws ClosingTime. */
  async run(): Promise<void> {
    const types = this.#event.ticketTypes.map(({ id }) => id);
    if (this.#event.hasWaitingRoom) {
      await this.#each(AT_ONCE.inLine, (person) => this.#buyInLine(person, types));
      return;
    }
    const each = types.map((type) =>
      this.#each(AT_ONCE.outside, (person) => this.#buyOne(person, type)),
    );
    await Promise.all(each);
  }

  /** Lets one after the other buy all they may have, until there is nothing left. */
  async #each(atOnce: number, buy: (person: Person) => Promise<Rest>): Promise<void> {
    let rest: Rest = "more";
    await eachOf(this.#people, atOnce, async (person) => {
      while (rest !== "sold out") {
        const now = await buy(person);
        if (now === "sold out") {
          rest = now;
        }
        if (now !== "more") {
          return;
        }
      }
    });
  }

  async #buyOne(person: Person, ticketTypeId: string, pass?: string): Promise<Rest> {
    const eventId = this.#event.id;
    const items = [{ ticketTypeId, quantity: 1 }];
    const { told, outcome } = await this.#ask(person, {
      ...{ kind: "reserve", eventId, items },
      ...(pass === undefined ? {} : { pass }),
    });
    if (outcome !== "ok" || told?.reservation === undefined) {
      return told?.code === "SOLD_OUT" ? "sold out" : "no more for this one";
    }
    const reservationId = told.reservation.id;
    const paymentReference = `pay-${reservationId}`;
    await this.#ask(person, { kind: "confirm", eventId, reservationId, paymentReference });
    return "more";
  }

  /** Stands in line, and buys one unit; who could not goes, so that others are let in. */
  async #buyInLine(person: Person, types: readonly string[]): Promise<Rest> {
    const rest = await this.#buyFirst(person, types);
    if (rest !== "more") {
      await this.#desk.insist(person, { kind: "leave", eventId: this.#event.id });
    }
    return rest;
  }

  /** Buys one unit of the first ticket type that there still is, when the turn has come. */
  async #buyFirst(person: Person, types: readonly string[]): Promise<Rest> {
    const eventId = this.#event.id;
    let place = (await this.#desk.insist(person, { kind: "join", eventId })).told?.place;
    while (place?.state === "WAITING") {
      await this.#desk.pause(place.pollAfterMs ?? POLL_MS);
      place = (await this.#desk.insist(person, { kind: "poll", eventId })).told?.place;
    }
    if (place?.pass === undefined) {
      return place?.state === "GONE" ? "sold out" : "no more for this one";
    }
    for (const type of types) {
      const rest = await this.#buyOne(person, type, place.pass);
      if (rest !== "sold out") {
        return rest;
      }
    }
    return "sold out";
  }

  #ask(person: Person, wish: Wish): Promise<Operation> {
    this.#keys += 1;
    return this.#desk.insist(person, wish, `${this.#keyPrefix}-${this.#keys}`);
  }
}
