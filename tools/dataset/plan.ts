import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { mix } from "./mix.ts";

/** What a data set is made from: the same spec makes the same rows. */
export interface DatasetSpec {
  events: number;
  users: number;
  reservations: number;
  seed: number;
  /** Its "today", in milliseconds: sales are open or over as of this moment. */
  dateMs: number;
}

export const DAY_MS = 24 * 60 * 60 * 1000;

/** Events were created over so many days before the data set's date. */
const CREATED_OVER_DAYS = 3 * 365;
/** Larger: the few hottest events sell more alike. */
const ZIPF_SHIFT = 3;
/** A prime above any event's number of reservations divides none of them. */
const STRIDE = 1_000_000_007;
/** Units one reservation has at most, and one user may have of an event at most. */
const QUANTITY_MAX = 4;
const MAX_PER_USER = 1_000;

/** When an event's tickets are sold, in milliseconds. */
export interface SaleTimes {
  createMs: number;
  openMs: number;
  closeMs: number;
  startMs: number;
}

/**
 * Which reservations are of which event.
 *
 * An event's reservations have successive numbers, and events are numbered in the order of their
 * creation: as in production, what is sold at the same time lies side by side. How many an event
 * has follows a Zipf-Mandelbrot law over a random order of the events that have opened.
 */
export class DatasetPlan {
  readonly spec: DatasetSpec;
  /** Of each event the number of its first reservation, and at the end the number of them all. */
  readonly #first: Uint32Array;

  constructor(spec: DatasetSpec) {
    this.spec = spec;
    this.#first = firstReservations(spec);
    const most = this.#most();
    if (QUANTITY_MAX * perUser(most, spec.users) > MAX_PER_USER) {
      throw new OperatorError(
        `The hottest event has ${most} reservations: too many for ${spec.users} users, each of ` +
          `whom may have ${MAX_PER_USER} units. Give it more --users or fewer --reservations.`,
      );
    }
  }

  /** The number of an event's first reservation. */
  firstOf(event: number): number {
    return this.#first[event] ?? 0;
  }

  /** How many reservations an event has. */
  countOf(event: number): number {
    return this.firstOf(event + 1) - this.firstOf(event);
  }

  /** The event of a reservation. */
  eventOf(reservation: number): number {
    let low = 0;
    let high = this.spec.events;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.firstOf(middle) <= reservation) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  #most(): number {
    let most = 0;
    for (let event = 0; event < this.spec.events; event += 1) {
      most = Math.max(most, this.countOf(event));
    }
    return most;
  }
}

/** Units that a user may have of an event with so many reservations. */
export function unitsPerUser(reservations: number, users: number): number {
  return Math.max(8, QUANTITY_MAX * perUser(reservations, users));
}

/** Reservations of one event that one user has at most: see `buyerOf`. */
function perUser(reservations: number, users: number): number {
  return reservations <= users ? 2 : Math.ceil(reservations / users) + 1;
}

/**
 * Who made the reservation number `index` of `count` in an event.
 *
 * The first users have thousands of reservations over all events and most have few, but in no
 * event does anybody come up more often than `perUser` says: the crowd of a hot event is
 * everybody, that of a small one the usual fans.
 */
export function buyerOf(users: number, count: number, index: number, salt: number): number {
  const place = ((index * (STRIDE % count) + (salt % count)) % count) + salt / 2 ** 32;
  const share = place / count;
  if (count >= users) {
    return Math.floor(users * share);
  }
  const isSmall = count * count <= users;
  const skewed = isSmall ? share * share : share ** (Math.log(users) / Math.log(count));
  return Math.floor(users * skewed);
}

/** An event's times; they depend on its number alone, and are cheap. */
export function saleTimes(spec: DatasetSpec, event: number): SaleTimes {
  const { seed, dateMs, events } = spec;
  const bits = mix(seed + 11, event);
  const age = CREATED_OVER_DAYS * DAY_MS * (1 - event / events);
  const createMs = Math.floor(dateMs - age);
  const openMs = createMs + (1 + (bits % 28)) * DAY_MS;
  const closeMs = openMs + (14 + ((bits >>> 8) % 107)) * DAY_MS;
  const startMs = closeMs + (1 + ((bits >>> 16) % (20 * 24))) * (DAY_MS / 24);
  return { createMs, openMs, closeMs, startMs };
}

function firstReservations(spec: DatasetSpec): Uint32Array {
  const { events, reservations, seed, dateMs } = spec;
  const opened = new Uint8Array(events);
  let openCount = 0;
  for (let event = 0; event < events; event += 1) {
    // The first one was created three years ago: somebody always sells.
    if (event === 0 || saleTimes(spec, event).openMs < dateMs - DAY_MS) {
      opened[event] = 1;
      openCount += 1;
    }
  }
  const first = new Uint32Array(events + 1);
  const whole = Math.log1p(openCount / ZIPF_SHIFT);
  const upTo = (rank: number) => Math.round((reservations * Math.log1p(rank / ZIPF_SHIFT)) / whole);
  const shift = mix(seed + 12, 0) % openCount;
  let index = 0;
  for (let event = 0; event < events; event += 1) {
    let count = 0;
    if (opened[event] === 1) {
      const rank = (index * (STRIDE % openCount) + shift) % openCount;
      count = upTo(rank + 1) - upTo(rank);
      index += 1;
    }
    first[event + 1] = (first[event] ?? 0) + count;
  }
  return first;
}
