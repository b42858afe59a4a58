import { isAllGone, type Room } from "../domain/waiting-room.ts";
import { asRoom, isUnknownEvent, type Sales } from "./sales.ts";
import type { AdmissionStep, Supply, WaitingRoomStore } from "./waiting-room-store.ts";

/** Told what the rounds of admission do, for metrics. */
export interface AdmissionObserver {
  step(step: AdmissionStep, seconds: number): void;
  /** This event's room could not be looked after; the others were. */
  failed(reason: unknown, eventId: string): void;
  /** The sums over all rooms of one round. */
  round(sums: { rooms: number; waiting: number; active: number; stalledMs: number }): void;
}

/** What admission needs. */
export interface AdmissionDeps {
  store: WaitingRoomStore;
  sales: Sales;
  /** Ends claims that nobody ended, in a slice of the room; tells where the next one begins. */
  settleClaims: (room: Room, cursor: string) => Promise<string>;
  observer: AdmissionObserver;
  now?: () => number;
}

/** What this process remembers of a room between two steps. */
class Watched {
  /** The room's count of units bought with passes, when it was last heard. */
  units: number | undefined;
  supply: Pick<Supply, "available" | "unitsBefore"> | undefined;
  supplyTime = 0;
  /** Where the next slice of claims begins, and when it is looked at. */
  claimsCursor = "0";
  claimsTime = Number.NEGATIVE_INFINITY;
  /** What the last step found, and until when that will do: before the opening nothing happens. */
  last: AdmissionStep | undefined;
  restTime = 0;
  /** When the sale opens, by the store's clock, in this process's time; the last step where it is open. */
  openTime = Number.NEGATIVE_INFINITY;
}

/** What is left is read again after this, in milliseconds. */
const SUPPLY_MS = 1_000;
/** Claims are looked at this often, a slice at a time, in milliseconds. */
const CLAIMS_MS = 1_000;
/** Before the opening a room is only counted, this often; less often while that is further away. Milliseconds. */
const REST_MS = 1_000;
const LONG_REST_MS = 5_000;
const FAR_MS = 60_000;
/** Rooms that are looked after at the same time. */
const AT_ONCE = 16;
/** Steps that one round makes for a room, while each does all that a step may do. */
const STEPS_MAX = 10;
/** A step that did this much has probably left something to do. */
const FULL_STEP = 500;

const NOTHING = { waiting: 0, active: 0, stalledMs: 0 };

/**
 * Lets people in, room after room. Every replica does it all the time: each step is atomic in the
 * store, so it matters neither how many do it nor who dies while doing it. When a sale begins and ends
 * the store's clock says: one replica whose own is wrong must not stop a room for all.
 */
export class Admission {
  readonly #deps: AdmissionDeps;
  readonly #now: () => number;
  #watched = new Map<string, Watched>();

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
    this.#now = deps.now ?? (() => performance.now());
  }

  /** Looks after every room once. Throws when the list of rooms cannot be read. */
  async round(isStopped: () => boolean): Promise<void> {
    const eventIds = await this.#deps.store.eventIds();
    const watched = new Map<string, Watched>();
    for (const eventId of eventIds) {
      watched.set(eventId, this.#watched.get(eventId) ?? new Watched());
    }
    this.#watched = watched;
    const sums = { rooms: eventIds.length, ...NOTHING };
    const rest = [...watched];
    const lookAfter = async () => {
      for (let next = rest.pop(); next !== undefined && !isStopped(); next = rest.pop()) {
        const { waiting, active, stalledMs } = await this.#lookAfter(...next);
        sums.waiting += waiting;
        sums.active += active;
        sums.stalledMs = Math.max(sums.stalledMs, stalledMs);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lookAfter));
    this.#deps.observer.round(sums);
  }

  async #lookAfter(eventId: string, watched: Watched) {
    if (watched.last !== undefined && this.#now() < watched.restTime) {
      return watched.last;
    }
    try {
      const room = asRoom(await this.#deps.sales.recentSaleOf(eventId));
      return room === undefined ? await this.#dismiss(eventId) : await this.#admit(room, watched);
    } catch (reason) {
      if (isUnknownEvent(reason)) {
        return await this.#dismiss(eventId);
      }
      this.#deps.observer.failed(reason, eventId);
      return leftAlone(watched, this.#now());
    }
  }

  async #admit(room: Room, watched: Watched) {
    const now = this.#now();
    let { step, isMore } = await this.#step(room, watched);
    for (let count = 1; count < STEPS_MAX && isMore; count += 1) {
      ({ step, isMore } = await this.#step(room, watched));
    }
    await this.#settleClaims(room, watched);
    const restMs = step.opensInMs > FAR_MS ? LONG_REST_MS : REST_MS;
    watched.restTime = Math.min(watched.openTime, now + restMs);
    // An empty room is left to itself: whoever comes next puts it on the list again. One is empty, too,
    // when its sale is over.
    const isIdle = step.waiting === 0 && step.active === 0 && step.opensInMs === 0;
    return isIdle ? await this.#dismiss(room.eventId) : step;
  }

  async #settleClaims(room: Room, watched: Watched): Promise<void> {
    const now = this.#now();
    if (now - watched.claimsTime > CLAIMS_MS) {
      watched.claimsTime = now;
      watched.claimsCursor = await this.#deps.settleClaims(room, watched.claimsCursor);
    }
  }

  async #step(room: Room, watched: Watched): Promise<{ step: AdmissionStep; isMore: boolean }> {
    const supply = await this.#supplyOf(room, watched);
    const startTime = performance.now();
    const step = await this.#deps.store.admit(room, supply);
    watched.units = step.units;
    watched.last = step;
    watched.openTime = this.#now() + step.opensInMs;
    this.#deps.observer.step(step, (performance.now() - startTime) / 1000);
    const isMore =
      supply === undefined ? step.opensInMs === 0 : step.admitted + step.skipped >= FULL_STEP;
    return { step, isMore: isMore && step.waiting > 0 };
  }

  /**
   * What is left, as of a second ago at most; what was bought since then, the step takes off. Undefined
   * where it only counts: what was bought, without which nobody may be let in, or who waits for the opening.
   */
  async #supplyOf(room: Room, watched: Watched): Promise<Supply | undefined> {
    const unitsBefore = watched.units;
    if (unitsBefore === undefined || (watched.last?.opensInMs ?? 0) > 0) {
      return undefined;
    }
    const now = this.#now();
    if (watched.supply === undefined || now - watched.supplyTime > SUPPLY_MS) {
      const stock = await this.#deps.sales.stockNow(room.eventId);
      watched.supplyTime = now;
      watched.supply = { available: stock.available, unitsBefore };
      return { ...watched.supply, isAllGone: isAllGone(stock) };
    }
    return { ...watched.supply, isAllGone: undefined };
  }

  async #dismiss(eventId: string) {
    await this.#deps.store.dismiss(eventId);
    return NOTHING;
  }
}

/** What is known of a room whose step failed: its people are still there, and wait longer. */
function leftAlone({ last, openTime }: Watched, now: number) {
  if (last === undefined) {
    return NOTHING;
  }
  const idleMs = Math.max(0, now - openTime);
  return { ...last, stalledMs: last.waiting === 0 ? 0 : last.stalledMs + idleMs };
}
