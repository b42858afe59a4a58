import { expect } from "chai";
import { type Buyer, createEvent, newBuyers, type Reservation } from "../../market.ts";
import type { Answer } from "../../rest.ts";
import { useSharedSystem } from "../../shared-system.ts";
import type { EventOnSale } from "../event-on-sale.ts";
import { History, type Wish } from "../history.ts";
import { check } from "./check.ts";
import { gather, marksOf } from "./gather.ts";
import { settled } from "./settled.ts";
import { StreamReader } from "./stream-reader.ts";

describe("the checker, on a small sale", () => {
  const system = useSharedSystem();
  let reader: StreamReader;
  before(() => {
    reader = new StreamReader({ url: system.redis.url });
  });
  after(() => reader.stop());

  it("finds nothing wrong, and sees what it is shown of another sale", async () => {
    const { mysqlUrls } = system;
    const after = await marksOf(mysqlUrls);
    const { event, history } = await smallSale(system.bffUrl());
    const events = [event];
    const about = { mysqlUrls, events, after };
    expect(await settled({ ...about, stream: reader })).to.deep.equal([]);
    const stream = reader.entriesOf([event.id]);
    const evidence = await gather({ ...about, stream, quietMs: history.now() });
    expect(evidence.reservations.map(({ state }) => state)).to.have.members([
      "CONFIRMED",
      "CANCELLED",
      "EXPIRED",
    ]);
    expect(check(history, evidence)).to.deep.equal([]);
    // The same databases, and buyers who know of nothing.
    const claims = check(new History(), evidence).map(({ claim }) => claim);
    expect(claims).to.include("one key has one effect");
  });
});

/** One buys, one gives back, and one does nothing. */
async function smallSale(url: string): Promise<{ event: EventOnSale; history: History }> {
  const history = new History();
  const sale = await createEvent(url, [2, 1], { holdSeconds: 1, maxPerUser: 2 });
  const event = {
    ...{ id: sale.id, maxPerUser: 2, holdSeconds: 1, hasWaitingRoom: false },
    ticketTypes: sale.types.map((id, index) => ({
      ...{ id, capacity: 2 - index, priceMinor: 100 * (index + 1) },
    })),
  };
  const items = (type: number) => [{ ticketTypeId: sale.types[type] ?? "", quantity: 1 }];
  const does = async (
    buyer: Buyer,
    wish: Wish,
    key: string,
    sent: Promise<Answer<Reservation>>,
  ) => {
    const operation = history.begin(buyer.userId, wish, key);
    const { status, headers, body } = await sent;
    const isReplay = headers.get("idempotent-replayed") === "true";
    const told = { status, code: body.code, retryAfter: undefined, isReplay };
    const { extendCount = 0, reacquired = false, expiresAt = "", ...rest } = body;
    history.answered(operation, status < 300 ? "ok" : "refused", {
      ...told,
      ...(status < 300 ? { reservation: { ...rest, extendCount, reacquired, expiresAt } } : {}),
    });
    return body.id;
  };
  const reserve = (buyer: Buyer, type: number, key: string) =>
    does(
      buyer,
      { kind: "reserve", eventId: event.id, items: items(type) },
      key,
      buyer.reserve(sale, [[type, 1]], key),
    );
  const [one, two, three] = (await newBuyers(url, 3)) as [Buyer, Buyer, Buyer];
  const paid = await reserve(one, 0, "a");
  const given = await reserve(two, 0, "b");
  await reserve(three, 1, "c");
  await reserve(two, 1, "d");
  const about = { eventId: event.id, reservationId: paid };
  await does(
    one,
    { kind: "confirm", ...about, paymentReference: "pay" },
    "e",
    one.confirm(paid, { key: "e", paymentReference: "pay" }),
  );
  await does(
    two,
    { kind: "cancel", eventId: event.id, reservationId: given },
    "f",
    two.cancel(given, "f"),
  );
  await reserve(one, 0, "a");
  return { event, history };
}
