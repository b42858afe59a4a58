import { randomUUID } from "node:crypto";
import { uuidLiteral } from "@tessera/service-kit/sql-literal";
import { uuidFromBytes } from "@tessera/service-kit/uuid";
import type { System } from "@tessera/testkit/processes";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { type Buyer, createEvent, type SaleEvent, stockOf } from "./market.ts";
import { expectExact } from "./settled.ts";
import { eachOf, persist } from "./storm.ts";

/** How large a storm is. */
export interface StormOptions {
  system: System;
  /** Each wants one unit in every round, and never gives up. At most `capacity`. */
  buyers: readonly Buyer[];
  capacity: number;
  /** How often each wants a unit after the storm was told to end. */
  rounds: number;
}

/** A storm that nobody ends, because its test failed, ends by itself. In milliseconds. */
const LONGEST_MS = 30_000;

/** As reservation-svc stores states. */
const STATES: Readonly<Record<number, string>> = {
  1: "HELD",
  2: "CONFIRMING",
  3: "CONFIRMED",
  4: "CANCELLED",
  5: "EXPIRED",
};

/**
 * A crowd at one event's sale, whatever happens to the services meanwhile: everybody reserves, a
 * third pays, a third cancels, and whoever gets no answer asks again with the same key.
 *
 * Until it is told to end, most of what was reserved is cancelled: it never sells out before.
 */
export class SaleStorm {
  readonly event: SaleEvent;
  /** How many final answers there were. */
  answered = 0;
  /** Answers that were not final, and how often each came. */
  readonly again: Record<string, number> = {};
  readonly #options: StormOptions;
  /** What buyers were told last, by reservation. */
  readonly #told = new Map<string, string>();
  #isEnding = false;
  #paidCount = 0;
  readonly #running: Promise<void>;

  private constructor(options: StormOptions, event: SaleEvent) {
    this.#options = options;
    this.event = event;
    const all = options.buyers.map((buyer, index) => this.#buy(buyer, index));
    this.#running = Promise.all(all).then(() => undefined);
    // Told to whoever asks for the end.
    this.#running.catch(() => undefined);
  }

  /** Puts an event on sale, and lets the crowd in. */
  static async begin(options: StormOptions): Promise<SaleStorm> {
    const { system, buyers, capacity } = options;
    // Twice a fair share: some buyers come to their limits, and all together can have everything.
    const maxPerUser = 2 * Math.ceil(capacity / buyers.length);
    const event = await createEvent(system.bffUrl(), [capacity], { maxPerUser });
    return new SaleStorm(options, event);
  }

  /** Resolves when there were so many final answers. */
  async reach(answers: number): Promise<void> {
    await until(`${answers} answers of the storm`, () => this.answered >= answers, { everyMs: 2 });
  }

  /**
   * Lets the storm end, then checks that everybody has what he was told to have, each key led to
   * one reservation at most, nothing was sold twice, and whatever is left can be bought.
   */
  async endsWell(): Promise<void> {
    const { system, buyers, capacity } = this.#options;
    this.#isEnding = true;
    await this.#running;
    expect(await this.#stored()).to.deep.equal(Object.fromEntries([...this.#told].sort()));
    await expectExact(system, this.event);
    await eachOf(buyers, 20, async (buyer) => {
      while ((await this.#reserve(buyer)) !== undefined) {
        // One more, until there is nothing left or the buyer has all that is allowed.
      }
    });
    const [end] = await stockOf(system.bffUrl(), this.event);
    expect(end?.available).to.equal(0);
    expect((end?.held ?? 0) + (end?.sold ?? 0)).to.equal(capacity);
    await expectExact(system, this.event);
  }

  async #buy(buyer: Buyer, index: number): Promise<void> {
    let turn = index;
    const giveUpTime = Date.now() + LONGEST_MS;
    while (!this.#isEnding && Date.now() < giveUpTime) {
      const id = await this.#reserve(buyer);
      if (id !== undefined) {
        const isPaid = turn % 3 === 0 && this.#paidCount < this.#options.capacity / 4;
        this.#paidCount += isPaid ? 1 : 0;
        await this.#settle(buyer, id, isPaid ? "confirm" : "cancel");
      }
      turn += 1;
    }
    for (let round = 0; round < this.#options.rounds; round += 1) {
      const id = await this.#reserve(buyer);
      const choice = (index + round) % 3;
      if (id !== undefined && choice < 2) {
        await this.#settle(buyer, id, choice === 0 ? "confirm" : "cancel");
      }
    }
  }

  /** Resolves to the reservation's id; undefined when there was nothing left for this buyer. */
  async #reserve(buyer: Buyer): Promise<string | undefined> {
    const key = randomUUID();
    const { status, body, text } = await persist(
      () => buyer.reserve(this.event, [[0, 1]], key),
      (reason) => this.#countAgain(reason),
    );
    this.answered += 1;
    if (status !== 201) {
      expect(body.code, text).to.be.oneOf(["SOLD_OUT", "LIMIT_EXCEEDED"]);
      return undefined;
    }
    expect(this.#told.has(body.id), "two keys led to one reservation").to.equal(false);
    this.#told.set(body.id, body.state);
    return body.id;
  }

  async #settle(buyer: Buyer, id: string, move: "confirm" | "cancel"): Promise<void> {
    const key = randomUUID();
    const { status, body, text } = await persist(
      () => (move === "confirm" ? buyer.confirm(id, { key }) : buyer.cancel(id, key)),
      (reason) => this.#countAgain(reason),
    );
    this.answered += 1;
    expect(status, text).to.equal(200);
    this.#told.set(id, body.state);
  }

  #countAgain(reason: string): void {
    this.again[reason] = (this.again[reason] ?? 0) + 1;
  }

  /** Every reservation of the event and its state, as stored. */
  async #stored(): Promise<Record<string, string | undefined>> {
    await using connection = await createConnection(this.#options.system.mysqlUrls.reservation);
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT id, state FROM reservation WHERE event_id = ${uuidLiteral(this.event.id)}`,
    );
    const stored = rows.map(({ id, state }) => [uuidFromBytes(id), STATES[state]] as const);
    return Object.fromEntries(stored.sort());
  }
}
