import { randomUUID } from "node:crypto";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { createEvent, newBuyer, newBuyers, stockOf, tally } from "./market.ts";
import { expectExact } from "./settled.ts";
import { useSharedSystem } from "./shared-system.ts";
import { eachOf } from "./storm.ts";

describe("buyers who want the same", () => {
  const system = useSharedSystem();
  const url = () => system.bffUrl();

  it("are two for the last unit: exactly one gets it", async () => {
    const event = await createEvent(url(), [1]);
    const buyers = await newBuyers(url(), 2);
    const answers = await Promise.all(buyers.map((buyer) => buyer.reserve(event)));
    expect(tally(answers)).to.deep.equal({ 201: 1, "409 SOLD_OUT": 1 });
    await expectExact(system, event);
  });

  it("are 200 for 50 units: exactly 50 get one", async () => {
    const event = await createEvent(url(), [50]);
    const buyers = await newBuyers(url(), 200);
    const answers = await Promise.all(buyers.map((buyer) => buyer.reserve(event)));
    expect(tally(answers)).to.deep.equal({ 201: 50, "409 SOLD_OUT": 150 });
    expect((await stockOf(url(), event))[0]).to.include({ available: 0, held: 50, sold: 0 });
    await expectExact(system, event);
  });

  it("cannot get with two lines of one cart what they cannot get with one", async () => {
    const buyer = await newBuyer(url());
    const few = await createEvent(url(), [3]);
    const short = await buyer.reserve(few, [
      [0, 2],
      [0, 2],
    ]);
    expect([short.status, short.body.code]).to.deep.equal([409, "SOLD_OUT"]);
    expect(short.body.ticketTypeId).to.equal(few.types[0]);
    const limited = await createEvent(url(), [10], { maxPerUser: 3 });
    const greedy = await buyer.reserve(limited, [
      [0, 2],
      [0, 2],
    ]);
    expect([greedy.status, greedy.body.code]).to.deep.equal([409, "LIMIT_EXCEEDED"]);
    const fits = await buyer.reserve(limited, [
      [0, 2],
      [0, 1],
    ]);
    expect(fits.body.items).to.deep.equal([{ ticketTypeId: limited.types[0], quantity: 3 }]);
    await expectExact(system, limited);
  });

  it("get all ticket types of a cart, or none", async () => {
    const event = await createEvent(url(), [5, 1]);
    const [first, second] = await newBuyers(url(), 2);
    expect((await first?.reserve(event, [[1, 1]]))?.status).to.equal(201);
    const refused = await second?.reserve(event, [
      [0, 2],
      [1, 1],
    ]);
    expect([refused?.status, refused?.body.code]).to.deep.equal([409, "SOLD_OUT"]);
    expect(refused?.body.ticketTypeId).to.equal(event.types[1]);
    expect((await stockOf(url(), event))[0]).to.include({ available: 5, held: 0 });
    await expectExact(system, event);
  });

  it("keep to the limit, however many requests for whatever types they send at once", async () => {
    const event = await createEvent(url(), [50, 50, 50], { maxPerUser: 4 });
    const buyer = await newBuyer(url());
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_unused, index) => buyer.reserve(event, [[index % 3, 1]])),
    );
    expect(tally(answers)).to.deep.equal({ 201: 4, "409 LIMIT_EXCEEDED": 26 });
    await expectExact(system, event);
  });

  it("keep to the limit with what they have paid for, too", async () => {
    const event = await createEvent(url(), [50], { maxPerUser: 2 });
    const buyer = await newBuyer(url());
    const held = await buyer.reserve(event, [[0, 2]]);
    expect((await buyer.confirm(held.body.id)).status).to.equal(200);
    const more = await buyer.reserve(event);
    expect([more.status, more.body.code]).to.deep.equal([409, "LIMIT_EXCEEDED"]);
    await expectExact(system, event);
  });

  it("get what another cancels at once, although sold out was known", async () => {
    const event = await createEvent(url(), [1]);
    const [owner, next] = await newBuyers(url(), 2);
    const held = await owner?.reserve(event);
    // Once from the ledger, once from what is remembered of it.
    expect((await next?.reserve(event))?.body.code).to.equal("SOLD_OUT");
    expect((await next?.reserve(event))?.body.code).to.equal("SOLD_OUT");
    expect((await owner?.cancel(held?.body.id ?? ""))?.status).to.equal(200);
    expect((await next?.reserve(event))?.status).to.equal(201);
    await expectExact(system, event);
  });

  it("get what another let go; whoever pays too late is told to be refunded", async () => {
    const event = await createEvent(url(), [1], { holdSeconds: 1 });
    const [late, next] = await newBuyers(url(), 2);
    const held = await late?.reserve(event);
    const got = await until("the unit comes back", async () => {
      const answer = await next?.reserve(event);
      return answer?.status === 201 && answer;
    });
    const paid = await next?.confirm(got.body.id);
    expect(paid?.status).to.equal(200);
    const key = randomUUID();
    const refused = await late?.confirm(held?.body.id ?? "", { key });
    expect([refused?.status, refused?.body.code]).to.deep.equal([410, "HOLD_EXPIRED"]);
    expect(refused?.body.refundRequired).to.equal(true);
    expect(refused?.headers.get("idempotent-replayed")).to.equal(null);
    const again = await late?.confirm(held?.body.id ?? "", { key });
    expect(again?.headers.get("idempotent-replayed")).to.equal("true");
    const requestId = again?.headers.get("x-request-id");
    expect([again?.status, again?.body]).to.deep.equal([410, { ...refused?.body, requestId }]);
    await expectExact(system, event);
  });

  it("who pay late get their units again while there are some, and are told so", async () => {
    const event = await createEvent(url(), [1], { holdSeconds: 1 });
    const buyer = await newBuyer(url());
    const { id } = (await buyer.reserve(event)).body;
    await until("the hold expires", async () => (await buyer.get(id)).body.state === "EXPIRED");
    const key = randomUUID();
    const paid = await buyer.confirm(id, { key });
    expect([paid.status, paid.body.state, paid.body.reacquired]).to.deep.equal([
      200,
      "CONFIRMED",
      true,
    ]);
    expect((await buyer.confirm(id, { key })).text).to.equal(paid.text);
    await expectExact(system, event);
  });

  it("cannot hold for ever by asking for more time", async () => {
    const event = await createEvent(url(), [5], { holdSeconds: 600 });
    const buyer = await newBuyer(url());
    const { id } = (await buyer.reserve(event)).body;
    const answers = await eachOf(Array.from({ length: 6 }), 1, () => buyer.extend(id));
    expect(tally(answers)).to.deep.equal({ 200: 3, "409 EXTEND_LIMIT": 3 });
    const last = answers[2]?.body.expiresAt;
    expect((await buyer.get(id)).body).to.include({ expiresAt: last, extendCount: 3 });

    const longest = await createEvent(url(), [5], { holdSeconds: 7_200 });
    const held = await buyer.reserve(longest);
    const refused = await buyer.extend(held.body.id);
    expect([refused.status, refused.body.code]).to.deep.equal([409, "EXTEND_LIMIT"]);
    expect((await buyer.get(held.body.id)).body.expiresAt).to.equal(held.body.expiresAt);
  });

  it("never see or touch what is another's", async () => {
    const event = await createEvent(url(), [5]);
    const [owner, stranger] = await newBuyers(url(), 2);
    const id = (await owner?.reserve(event))?.body.id ?? "";
    const tries = await Promise.all([
      stranger?.get(id),
      stranger?.confirm(id),
      stranger?.cancel(id),
      stranger?.extend(id),
      stranger?.get(randomUUID()),
    ]);
    expect(tries.map((one) => [one?.status, one?.body.code])).to.deep.equal(
      tries.map(() => [404, "RESERVATION_NOT_FOUND"]),
    );
    expect((await owner?.get(id))?.body.state).to.equal("HELD");
    const other = await createEvent(url(), [5]);
    const mixed = await owner?.reserve({ id: event.id, types: other.types });
    expect([mixed?.status, mixed?.body.code]).to.deep.equal([404, "TICKET_TYPE_NOT_FOUND"]);
    const nowhere = await owner?.reserve({ id: randomUUID(), types: other.types });
    expect([nowhere?.status, nowhere?.body.code]).to.deep.equal([404, "EVENT_NOT_FOUND"]);
    await expectExact(system, event);
    await expectExact(system, other);
  });
});
