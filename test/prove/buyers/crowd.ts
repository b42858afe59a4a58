import type { EventOnSale } from "../event-on-sale.ts";
import type { History, Wish } from "../history.ts";
import type { Random } from "../random.ts";
import { ClosingTime, type Counts, Desk } from "./desk.ts";
import { chooseErrand, type Errand, type Purchase, type Resize, type Visit } from "./errand.ts";
import { keyTag } from "./key-tag.ts";
import { openEvents } from "./market.ts";
import { type Opening, openingsFor } from "./opening.ts";
import { findOrganiser, type Person } from "./person.ts";
import { RestClient } from "./rest-client.ts";
import { SellOut } from "./sell-out.ts";
import { Shopper } from "./shopper.ts";
import { Visitor } from "./visitor.ts";

/** What a crowd is made of. */
export interface CrowdOptions {
  /** Of the BFF, or of what stands in front of it; no slash at the end. */
  url: string;
  people: readonly Person[];
  history: History;
  /** The same gives the same errands in the same order. */
  random: Random;
  /** Each brings about three requests. */
  arrivalsPerSecond: number;
  /** Errands under way; who comes beyond it goes away again, and is counted. */
  maxInFlight: number;
  /** What is sold; see {@link openingsFor}. */
  openings?: readonly Opening[];
}

/** What the crowd has done so far, in numbers. */
export interface Progress extends Counts {
  /** Errands that were begun. */
  arrived: number;
  /** Errands that were not begun, because too many were under way. */
  dropped: number;
  /** Errands under way. */
  errands: number;
}

/** How long one request may take, in milliseconds; the product's deadlines are far below. */
const TIMEOUT_MS = 5_000;
/** Each costs the laboratory three file descriptors: its own, and two of the network's. */
const SOCKETS = 1_024;
/** Between two looks at who should have come by now, in milliseconds. */
const TICK_MS = 10;
/** Who has no answer when the crowd is stopped asks again for so long, in milliseconds. */
const LAST_CALL_MS = 20_000;
/** Buying what is left takes so long at most, in milliseconds. */
const SELL_OUT_MS = 25_000;

/** Many people who buy, each with an errand of their own. */
export class Crowd {
  readonly events: readonly EventOnSale[];
  readonly #options: CrowdOptions & { openings: readonly Opening[] };
  readonly #client: RestClient;
  readonly #desk: Desk;
  readonly #organiser: Person;
  /** Begins all keys: another one for each round of each seed. */
  readonly #tag: string;
  readonly #busy = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #startTime = performance.now();
  #arrived = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #fault: unknown;

  /** Opens the events, and lets people arrive from now on. */
  static async begin(options: CrowdOptions): Promise<Crowd> {
    const { url, people, maxInFlight, openings = openingsFor(people.length) } = options;
    const client = new RestClient(url, {
      sockets: Math.min(2 * maxInFlight, SOCKETS),
      timeoutMs: TIMEOUT_MS,
    });
    try {
      const organiser = await findOrganiser(client);
      const events = await openEvents(openings, { client, organiser });
      return new Crowd({ ...options, openings }, { client, organiser, events });
    } catch (reason) {
      client.close();
      throw reason;
    }
  }

  private constructor(
    options: CrowdOptions & { openings: readonly Opening[] },
    given: { client: RestClient; organiser: Person; events: readonly EventOnSale[] },
  ) {
    this.#options = options;
    this.#client = given.client;
    this.#organiser = given.organiser;
    this.events = given.events;
    const { history, random } = options;
    this.#desk = new Desk({ client: given.client, history, random: random.fork("pauses") });
    this.#tag = keyTag(random);
    this.#timer = setInterval(() => this.#letIn(), TICK_MS);
  }

  /** What was done so far. */
  get progress(): Progress {
    const errands = this.#underWay.size;
    const dropped = this.#dropped;
    return { ...this.#desk.counts, arrived: this.#arrived - dropped, dropped, errands };
  }

  /**
   * Nobody comes any more; resolves when all have gone, in half a minute at most.
   * Throws what went wrong with the crowd itself, which is never the product's fault.
   */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#desk.closeIn(LAST_CALL_MS);
    await Promise.all(this.#underWay);
    await this.#end();
  }

  /**
   * People buy what is left of what is scarce, unit by unit, until it is sold out or nobody may
   * have more: after {@link stop}, when all holds have lapsed. Takes half a minute at most;
   * resolves to the events for which that was not enough.
   */
  async sellOut(): Promise<readonly string[]> {
    const { openings, random } = this.#options;
    const people = random.fork("sell-out").shuffled(this.#options.people);
    const scarce = this.events.filter((_event, index) => openings[index]?.isScarce === true);
    this.#desk.closeIn(SELL_OUT_MS);
    const ended = new Set<string>();
    const sellOuts = scarce.map((event, index) => {
      const keyPrefix = `${this.#tag}-rest-${index}`;
      const sellOut = new SellOut({ desk: this.#desk, event, people, keyPrefix });
      return this.#guard(sellOut.run().then(() => void ended.add(event.id)));
    });
    await Promise.all(sellOuts);
    await this.#end();
    return scarce.map(({ id }) => id).filter((id) => !ended.has(id));
  }

  /** Who went at closing time may have left a request behind: its answer belongs to the history. */
  async #end(): Promise<void> {
    await this.#desk.idle();
    this.#client.close();
    if (this.#fault !== undefined) {
      throw this.#fault;
    }
  }

  /** Whoever should have come by now comes. */
  #letIn(): void {
    const { arrivalsPerSecond, maxInFlight } = this.#options;
    const due = ((performance.now() - this.#startTime) / 1000) * arrivalsPerSecond;
    while (this.#arrived < due) {
      this.#arrived += 1;
      if (this.#underWay.size >= maxInFlight) {
        this.#dropped += 1;
        continue;
      }
      const errand = this.#guard(this.#do(this.#choose(this.#arrived))).finally(() => {
        this.#underWay.delete(errand);
      });
      this.#underWay.add(errand);
    }
  }

  #choose(number: number): Errand {
    const { random, openings, people } = this.#options;
    return chooseErrand(random, number, { openings, people: people.length });
  }

  /** At closing time people go, whatever they were doing; anything else is the crowd's own fault. */
  async #guard(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (reason) {
      if (!(reason instanceof ClosingTime)) {
        this.#fault ??= reason;
      }
    }
  }

  async #do(errand: Errand): Promise<void> {
    switch (errand.kind) {
      case "purchase":
        return await this.#shop(this.#shopper(errand));
      case "visit":
        return await this.#visit(errand);
      case "resize":
        return await this.#resize(errand);
    }
  }

  async #shop(shopper: Shopper): Promise<void> {
    const reservation = await shopper.reserve();
    if (reservation !== undefined) {
      await shopper.follow(reservation);
    }
  }

  /** Who stands in this line already goes on doing so. */
  async #visit(visit: Visit): Promise<void> {
    const { purchase } = visit;
    const shopper = this.#shopper(purchase);
    const passSeconds = this.#options.openings[purchase.opening]?.waitingRoom?.passSeconds ?? 0;
    const passMs = passSeconds * 1000;
    const visitor = new Visitor({ desk: this.#desk, visit, shopper, passMs });
    await this.#oneAtATime(`${shopper.person.userId} ${shopper.event.id}`, () => visitor.run());
  }

  /** A change begins when the one before is known: else nobody could say which came last. */
  async #resize({ number, opening, type, capacity }: Resize): Promise<void> {
    const event = this.events[opening];
    const ticketTypeId = event?.ticketTypes[type]?.id;
    if (event === undefined || ticketTypeId === undefined) {
      throw new Error(`errand ${number} leads nowhere`);
    }
    const wish: Wish = { kind: "capacity", eventId: event.id, ticketTypeId, capacity };
    const key = `${this.#tag}-${number}`;
    await this.#oneAtATime(ticketTypeId, () => this.#desk.insist(this.#organiser, wish, key));
  }

  /** Does it, unless something of this name is being done. */
  async #oneAtATime(name: string, work: () => Promise<unknown>): Promise<void> {
    if (this.#busy.has(name)) {
      return;
    }
    this.#busy.add(name);
    try {
      await work();
    } finally {
      this.#busy.delete(name);
    }
  }

  #shopper(purchase: Purchase): Shopper {
    const person = this.#options.people[purchase.person];
    const event = this.events[purchase.opening];
    if (person === undefined || event === undefined) {
      throw new Error(`errand ${purchase.number} is nobody's, or leads nowhere`);
    }
    const keyPrefix = `${this.#tag}-${purchase.number}`;
    return new Shopper({ desk: this.#desk, person, event, purchase, keyPrefix });
  }
}
