import type { Operation, Wish } from "../history.ts";
import type { Desk } from "./desk.ts";
import type { Visit } from "./errand.ts";
import type { Shopper } from "./shopper.ts";

/** Whoever is sent away from the line joins again, so often at most. */
const REJOINS = 5;
/** When to ask again if nobody says so, in milliseconds. */
const POLL_MS = 1_000;
/** Who is late is so late, in milliseconds: passes count whole seconds. */
const LATE_MS = 1_500;
/** Who still waits so long before closing time leaves, in milliseconds. */
const LEAVE_MS = 16_000;

/** One person in a waiting room: gets a place, waits, and shops with the pass. */
export class Visitor {
  readonly #desk: Desk;
  readonly #visit: Visit;
  readonly #shopper: Shopper;
  readonly #passMs: number;

  constructor(options: { desk: Desk; visit: Visit; shopper: Shopper; passMs: number }) {
    this.#desk = options.desk;
    this.#visit = options.visit;
    this.#shopper = options.shopper;
    this.#passMs = options.passMs;
  }

  /** Resolves when all is done that was planned, or when there is nothing to wait for. */
  async run(): Promise<void> {
    const pass = await this.#wait();
    const { passUse } = this.#visit;
    if (pass === undefined || passUse === "never") {
      return;
    }
    if (passUse === "late") {
      await this.#desk.dawdle(this.#passMs + LATE_MS);
    }
    const reservation = await this.#shopper.reserve(pass);
    if (passUse === "twice") {
      await this.#shopper.reserve(pass);
    }
    if (reservation !== undefined) {
      await this.#shopper.follow(reservation);
    }
  }

  /** Stands in line; resolves to the pass if there is one in the end. */
  async #wait(): Promise<string | undefined> {
    let last = await this.#join();
    let rejoins = 0;
    for (let polls = 0; ; polls += 1) {
      if (polls === this.#visit.leavesAfter || this.#desk.remainingMs < LEAVE_MS) {
        await this.#ask("leave");
        return undefined;
      }
      const { told } = last;
      if (told?.place !== undefined && told.place.state !== "WAITING") {
        return told.place.pass;
      }
      if (last.outcome === "refused" && (last.wish.kind === "join" || rejoins === REJOINS)) {
        return undefined;
      }
      if (last.outcome === "refused") {
        // The room lost its memory: its people begin again.
        rejoins += 1;
        last = await this.#join();
        continue;
      }
      await this.#desk.pause(told?.place?.pollAfterMs ?? POLL_MS);
      last = await this.#ask("poll");
    }
  }

  async #join(): Promise<Operation> {
    const joins = Array.from({ length: this.#visit.joins }, () => this.#ask("join"));
    const [first] = await Promise.all(joins);
    return first ?? (await this.#ask("join"));
  }

  #ask(kind: "join" | "poll" | "leave"): Promise<Operation> {
    const wish: Wish = { kind, eventId: this.#shopper.event.id };
    return this.#desk.insist(this.#shopper.person, wish);
  }
}
