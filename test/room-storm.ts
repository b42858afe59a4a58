import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import type { EntryError } from "@tessera/proto/common/v1/entry_error_pb";
import { REASONS } from "@tessera/proto/reasons";
import type { ReservationService } from "@tessera/proto/reservation/v1/reservation_service_pb";
import { type Place, Place_State } from "@tessera/proto/reservation/v1/waiting_room_pb";
import type { WaitingRoomService } from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import type { SaleEvent } from "./market.ts";
import { eachOf } from "./storm.ts";

/** One replica of reservation-svc. */
export interface Replica {
  rooms: Client<typeof WaitingRoomService>;
  reservations: Client<typeof ReservationService>;
}

const STATES = ["outside", "waiting", "admitted", "bought", "gone"] as const;

/** One person of the crowd, and what they were told. */
export class Visitor {
  readonly userId = randomUUID();
  state: (typeof STATES)[number] = "outside";
  /** The last position that was told; 0 before the draw. */
  position = 0;
  pass = "";
  /** When to poll next, and until when silence is forgiven, as `Date.now()` counts. */
  pollTime = 0;
  heardUntil = Number.POSITIVE_INFINITY;
  /** True when this person may have been skipped, because the test was too slow for them. */
  mayHaveBeenSilent = false;

  /** What the waiting room named this admission: its time. */
  get serial(): number {
    const [, payload = ""] = this.pass.split(".");
    return Number(JSON.parse(Buffer.from(payload, "base64url").toString()).jti);
  }
}

/** People whom one call is about. */
const BATCH = 250;
const CALLS_AT_ONCE = 6;
const TICK_MS = 25;

/**
 * A crowd that joins a waiting room, polls when it is told to, buys one unit each and pays, over
 * replicas that may be killed. What must never happen is listed in `faults`.
 */
export class RoomStorm {
  readonly visitors: readonly Visitor[];
  readonly faults: string[] = [];
  /** Answers that were no answers: the replica, or Redis, was away. */
  again = 0;
  readonly #event: SaleEvent;
  readonly #replicas: readonly Replica[];
  #turn = 0;

  constructor(event: SaleEvent, replicas: readonly Replica[], crowd: number) {
    this.#event = event;
    this.#replicas = replicas;
    this.visitors = Array.from({ length: crowd }, () => new Visitor());
  }

  /** How many are in this state. */
  count(state: Visitor["state"]): number {
    return this.visitors.filter((visitor) => visitor.state === state).length;
  }

  /** Joins these people; who has joined joins again. */
  async join(visitors: readonly Visitor[]): Promise<void> {
    await this.#inBatches(visitors, async ({ rooms }, some) => {
      const { results } = await rooms.batchJoinWaitingRooms({ entries: this.#entries(some) });
      return results.map(({ outcome }) => outcome);
    });
  }

  /**
   * Polls and buys until everybody has a unit, or was told that all is gone; gives up after
   * `patienceMs`. `onTick` runs while people buy, so that what it disturbs disturbs them.
   */
  async run(patienceMs: number, onTick: () => Promise<void>): Promise<void> {
    const giveUpTime = Date.now() + patienceMs;
    for (;;) {
      const now = Date.now();
      if (now > giveUpTime) {
        const counts = STATES.map((state) => `${this.count(state)} ${state}`);
        throw new Error(`the crowd is not served: ${counts.join(", ")}`);
      }
      const due = this.visitors.filter(
        ({ state, pollTime }) => state === "waiting" && pollTime <= now,
      );
      const buyers = this.visitors.filter(({ state }) => state === "admitted");
      await Promise.all([this.#poll(due), this.#buy(buyers), onTick()]);
      if (this.count("bought") + this.count("gone") === this.visitors.length) {
        return;
      }
      await setTimeout(TICK_MS);
    }
  }

  async #poll(visitors: readonly Visitor[]): Promise<void> {
    await this.#inBatches(visitors, async ({ rooms }, some) => {
      const { results } = await rooms.batchPollPlaces({ entries: this.#entries(some) });
      return results.map(({ outcome }) => outcome);
    });
  }

  /** Asks about people, and takes down what each is told; who gets no answer is asked again later. */
  async #inBatches(
    visitors: readonly Visitor[],
    ask: (replica: Replica, some: readonly Visitor[]) => Promise<Outcome[]>,
  ): Promise<void> {
    await eachOf(batches(visitors), CALLS_AT_ONCE, async (some) => {
      const outcomes = await this.#tried(() => ask(this.#replica(), some));
      for (const [index, outcome] of outcomes.entries()) {
        const visitor = some[index];
        if (visitor !== undefined && outcome.case === "place") {
          this.#note(visitor, outcome.value);
        } else if (outcome.case === "error") {
          this.#fault(`told ${outcome.value.reason}`, outcome.value);
        }
      }
    });
  }

  #note(visitor: Visitor, place: Place): void {
    // However early this was sent, it may have been heard as late as now.
    visitor.mayHaveBeenSilent ||= Date.now() > visitor.heardUntil;
    switch (place.state) {
      case Place_State.WAITING: {
        if (visitor.position > 0 && place.position > visitor.position) {
          this.faults.push(`a position grew from ${visitor.position} to ${place.position}`);
        }
        const afterMs = place.pollAfter === undefined ? 0 : durationMs(place.pollAfter);
        visitor.state = "waiting";
        visitor.position = place.position;
        visitor.pollTime = Date.now() + afterMs;
        // A second less than the server says: the clocks' starts differ by a call's time.
        visitor.heardUntil = Date.now() + 2 * afterMs + 9_000;
        break;
      }
      case Place_State.ADMITTED:
        if (visitor.pass !== "" && visitor.pass !== place.admissionPass) {
          this.faults.push("somebody was admitted twice");
        }
        visitor.state = "admitted";
        visitor.pass = place.admissionPass;
        break;
      case Place_State.GONE:
        visitor.state = "gone";
        break;
      default:
        this.faults.push(`somebody is in state ${place.state}`);
    }
  }

  /** Reserves and pays; both may be repeated, for the ids follow from the person. */
  async #buy(visitors: readonly Visitor[]): Promise<void> {
    await eachOf(batches(visitors), CALLS_AT_ONCE, async (some) => {
      const { id: eventId, types } = this.#event;
      const items = [{ ticketTypeId: types[0] ?? "", quantity: 1 }];
      const held = await this.#tried(async () => {
        const entries = some.map(({ userId, pass }) => ({
          ...{ requestId: "buy", userId, eventId, items, admissionPass: pass },
        }));
        const { results } = await this.#replica().reservations.batchCreateReservations({ entries });
        return results.map(({ outcome }) => outcome);
      });
      const paying: { visitor: Visitor; reservationId: string }[] = [];
      for (const [index, outcome] of held.entries()) {
        const visitor = some[index];
        if (visitor !== undefined && outcome.case === "reservation") {
          paying.push({ visitor, reservationId: outcome.value.id });
        } else if (outcome.case === "error") {
          this.#fault(`not sold: ${outcome.value.reason}`, outcome.value);
        }
      }
      await this.#pay(paying);
    });
  }

  async #pay(paying: readonly { visitor: Visitor; reservationId: string }[]): Promise<void> {
    if (paying.length === 0) {
      return;
    }
    const paid = await this.#tried(async () => {
      const entries = paying.map(({ visitor, reservationId }) => ({
        ...{ requestId: "pay", userId: visitor.userId, reservationId, paymentReference: "paid" },
      }));
      const { results } = await this.#replica().reservations.batchConfirmReservations({ entries });
      return results.map(({ outcome }) => outcome);
    });
    for (const [index, outcome] of paid.entries()) {
      const visitor = paying[index]?.visitor;
      if (visitor !== undefined && outcome.case === "reservation") {
        visitor.state = "bought";
      } else if (outcome.case === "error") {
        this.#fault(`not paid: ${outcome.value.reason}`, outcome.value);
      }
    }
  }

  /** A call that fails as a whole found nobody there, which is no fault. */
  async #tried<T>(ask: () => Promise<T[]>): Promise<T[]> {
    try {
      return await ask();
    } catch {
      this.again += 1;
      return [];
    }
  }

  #fault(what: string, { reason }: Pick<EntryError, "reason">): void {
    if (reason in REASONS && REASONS[reason as keyof typeof REASONS].retryable) {
      this.again += 1;
    } else {
      this.faults.push(what);
    }
  }

  #entries(visitors: readonly Visitor[]) {
    return visitors.map(({ userId }) => ({ userId, eventId: this.#event.id }));
  }

  /** Another one each time, so that a retry meets one that is alive. */
  #replica(): Replica {
    this.#turn += 1;
    const replica = this.#replicas[this.#turn % this.#replicas.length];
    if (replica === undefined) {
      throw new Error("there are no replicas");
    }
    return replica;
  }
}

type Outcome =
  | { case: "place"; value: Place }
  | { case: "error"; value: EntryError }
  | { case: undefined; value?: undefined };

function batches(visitors: readonly Visitor[]): Visitor[][] {
  const all: Visitor[][] = [];
  for (let first = 0; first < visitors.length; first += BATCH) {
    all.push(visitors.slice(first, first + BATCH));
  }
  return all;
}
