import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { type EventStream, listen } from "@tessera/testkit/event-stream";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { type Buyer, newBuyers, type Reservation, type SaleEvent } from "./market.ts";
import { type Answer, call } from "./rest.ts";

/** A place in a waiting room, as REST writes it. */
export interface Place {
  eventId: string;
  state: "WAITING" | "ADMITTED" | "GONE" | "EXPIRED";
  position: number | null;
  ahead: number | null;
  estimatedWaitSeconds: number | null;
  stockHint: string;
  pollAfterMs: number | null;
  pass?: string;
  passExpiresAt?: string;
}

/** What a wish to reserve is made of, beside the buyer and the event. */
export interface Shown {
  pass?: string;
  /** The Idempotency-Key; a new one when it is not given. */
  key?: string;
}

/** Somebody who stands in line before the sale of one event, as a client app does it. */
export class WaitingBuyer {
  readonly buyer: Buyer;
  readonly event: SaleEvent;
  readonly #address: string;

  constructor(buyer: Buyer, event: SaleEvent) {
    this.buyer = buyer;
    this.event = event;
    this.#address = `${buyer.url}/v1/events/${event.id}/queue`;
  }

  /** Takes a place. */
  join(): Promise<Answer<Place>> {
    return call(this.#address, { method: "POST", token: this.buyer.token });
  }

  /** Asks for the place, which says as well that the person is still there. */
  poll(): Promise<Answer<Place>> {
    return call(this.#address, { token: this.buyer.token });
  }

  /** Gives the place up. */
  leave(): Promise<Answer> {
    return call(this.#address, { method: "DELETE", token: this.buyer.token });
  }

  /** Listens instead of polling. */
  listen(): Promise<EventStream> {
    return listen(this.#address, this.buyer.token);
  }

  /** The number in the draw. */
  drawNumber(): Promise<Answer<{ eventId: string; userId: string; drawNumber: number }>> {
    return call(`${this.#address}/draw/mine`, { token: this.buyer.token });
  }

  /** Polls whenever the server says so, until `isOver`; what it tells is never worse than before. */
  async wait(isOver: (place: Place) => boolean): Promise<Place> {
    let before = Number.POSITIVE_INFINITY;
    return await until(
      "the wait is over",
      async () => {
        const { status, body, text } = await this.poll();
        expect(status, text).to.equal(200);
        expect(body.position ?? before, "a position never grows").to.be.at.most(before);
        before = body.position ?? before;
        if (isOver(body)) {
          return body;
        }
        expect(body.pollAfterMs, text).not.to.equal(null);
        await setTimeout(body.pollAfterMs ?? 0);
        return undefined;
      },
      { patienceMs: 30_000 },
    );
  }

  /** Waits for the turn; resolves to the pass. */
  async admitted(): Promise<string> {
    const { state, pass, passExpiresAt } = await this.wait((place) => place.state !== "WAITING");
    expect(state).to.equal("ADMITTED");
    expect(Date.parse(passExpiresAt ?? "")).to.be.greaterThan(Date.now());
    return pass ?? "";
  }

  /** Reserves one unit. */
  reserve({ pass, key = randomUUID() }: Shown): Promise<Answer<Reservation>> {
    return call(`${this.buyer.url}/v1/reservations`, {
      body: { eventId: this.event.id, items: [{ ticketTypeId: this.event.types[0], quantity: 1 }] },
      token: this.buyer.token,
      key,
      ...(pass === undefined ? {} : { headers: { "admission-pass": pass } }),
    });
  }
}

/** So many new people before one event's sale; nobody has joined yet. */
export async function newWaiting(
  url: string,
  event: SaleEvent,
  count: number,
): Promise<WaitingBuyer[]> {
  return (await newBuyers(url, count)).map((buyer) => new WaitingBuyer(buyer, event));
}
