import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { until } from "@tessera/testkit/until";
import { Desk } from "../buyers/desk.ts";
import { openEvents } from "../buyers/market.ts";
import type { Opening, WaitingRoom } from "../buyers/opening.ts";
import type { Person } from "../buyers/person.ts";
import { RestClient } from "../buyers/rest-client.ts";
import type { EventOnSale } from "../event-on-sale.ts";
import { History, type Operation, type Wish } from "../history.ts";
import { Random } from "../random.ts";
import type { World } from "../world/world.ts";

/** How an event is sold. */
export interface Sale {
  capacity: number;
  maxPerUser?: number;
  holdSeconds?: number;
  waitingRoom?: WaitingRoom;
}

/** Who plays. */
export interface Cast {
  people: readonly Person[];
  organiser: Person;
}

/** A request's whole time, in milliseconds. */
const TIMEOUT_MS = 8_000;
/** A scene that goes on for longer hangs, in milliseconds. */
const SCENE_MS = 45_000;

/** Where one scene is played: everything that is asked goes into its history. */
export class Stage {
  readonly world: World;
  readonly people: readonly Person[];
  readonly organiser: Person;
  readonly desk: Desk;
  readonly events: EventOnSale[] = [];
  #aloneSinceMs: number | undefined;
  readonly #client: RestClient;

  constructor(world: World, { people, organiser }: Cast) {
    this.world = world;
    this.people = people;
    this.organiser = organiser;
    this.#client = new RestClient(world.url, { sockets: 256, timeoutMs: TIMEOUT_MS });
    const random = new Random(1);
    this.desk = new Desk({ client: this.#client, history: new History(), random });
    this.desk.closeIn(SCENE_MS);
  }

  /** Cuts the connections. */
  close(): void {
    this.#client.close();
  }

  /** Since when whoever came was alone with what was left, in milliseconds since the history began. */
  get aloneSinceMs(): number {
    return this.#aloneSinceMs ?? this.desk.history.now();
  }

  /** From now on whoever comes is alone with what is left. */
  aloneFromNow(): void {
    this.#aloneSinceMs = this.desk.history.now();
  }

  /** Puts an event with one ticket type on sale. */
  async open(sale: Sale): Promise<EventOnSale> {
    const { capacity, maxPerUser = 100, holdSeconds = 60, waitingRoom } = sale;
    const opening: Opening = {
      ...{ name: "A scene", capacities: [capacity], maxPerUser, holdSeconds },
      ...{ weight: 1, isScarce: true, isResized: false },
      ...(waitingRoom === undefined ? {} : { waitingRoom }),
    };
    const { organiser } = this;
    const [event] = await openEvents([opening], { client: this.#client, organiser });
    if (event === undefined) {
      throw new Error("no event was opened");
    }
    this.events.push(event);
    return event;
  }

  /** The person of this number, round and round. */
  person(number: number): Person {
    const person = this.people[number % this.people.length];
    if (person === undefined) {
      throw new Error("there are no people");
    }
    return person;
  }

  /** Wants units, until it is known what came of it. */
  reserve(
    person: Person,
    event: EventOnSale,
    { quantity = 1, key = randomUUID() as string, pass = "" } = {},
  ): Promise<Operation> {
    const items = event.ticketTypes.map(({ id }) => ({ ticketTypeId: id, quantity }));
    const shown = pass === "" ? {} : { pass };
    const wish = { kind: "reserve" as const, eventId: event.id, items, ...shown };
    return this.desk.insist(person, wish, key);
  }

  /**
   * Asks to do something with what was reserved: once, or until it is known what came of it.
   * Undefined when nothing was reserved.
   */
  async move(
    person: Person,
    reserved: Operation | undefined,
    kind: "confirm" | "cancel" | "extend" | "look",
    { key = randomUUID() as string, isPatient = false } = {},
  ): Promise<Operation | undefined> {
    const told = reserved?.told?.reservation;
    if (told === undefined) {
      return undefined;
    }
    const of = { eventId: told.eventId, reservationId: told.id };
    const wish: Wish =
      kind === "confirm" ? { kind, ...of, paymentReference: told.id } : { kind, ...of };
    const keyed = kind === "look" ? undefined : key;
    return isPatient
      ? await this.desk.insist(person, wish, keyed)
      : await this.desk.ask(person, wish, keyed);
  }

  /** Looks until the hold is over. */
  async lapsed(person: Person, reserved: Operation): Promise<void> {
    await until(
      "the hold is over",
      async () => {
        const seen = await this.move(person, reserved, "look");
        return seen?.told?.reservation?.state === "EXPIRED";
      },
      { patienceMs: SCENE_MS, everyMs: 150 },
    );
  }

  /** Lets time go by that the scene is about: a hold's, a pause's. */
  async pass(ms: number): Promise<void> {
    await setTimeout(ms);
  }
}
