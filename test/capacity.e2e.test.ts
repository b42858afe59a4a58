import { randomUUID } from "node:crypto";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { REASONS } from "@tessera/proto/reasons";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import {
  type Buyer,
  changeCapacity,
  createEvent,
  newBuyers,
  type SaleEvent,
  type Stock,
  signIn,
  stockOf,
  tally,
} from "./market.ts";
import { eventRequest } from "./mutations.ts";
import { call } from "./rest.ts";
import { useClients } from "./rpc.ts";
import { expectExact } from "./settled.ts";
import { useSharedSystem } from "./shared-system.ts";

describe("an organiser who changes a capacity", () => {
  const system = useSharedSystem();
  const clientOf = useClients();
  const url = () => system.bffUrl();
  let buyers: Buyer[];
  let token: string;
  before(async () => {
    buyers = await newBuyers(url(), 8);
    token = await signIn(url());
  });

  const change = (
    event: SaleEvent,
    capacity: number,
    more: { key?: string; token?: string } = {},
  ) => changeCapacity(url(), event, capacity, { token, ...more });

  const reserveAll = (event: SaleEvent, some: readonly Buyer[] = buyers) =>
    Promise.all(some.map((buyer) => buyer.reserve(event)));

  async function levelsOf(event: SaleEvent) {
    const [only] = await stockOf(url(), event);
    return [only?.capacity, only?.available, only?.held, only?.sold];
  }

  it("sells more of what was sold out", async () => {
    const event = await createEvent(url(), [2]);
    expect(tally(await reserveAll(event))).to.deep.equal({ "201": 2, "409 SOLD_OUT": 6 });
    const changed = await change(event, 5);
    expect(changed.status, changed.text).to.equal(200);
    expect(changed.body).to.deep.equal({
      ...{ id: event.types[0], name: "Type 0", price: { amount: 100, currency: "EUR" } },
      ...{ capacity: 5, available: 3, held: 2, sold: 0 },
    });
    // "Sold out" was believed for a moment; then the next buyers get what was added, and no more.
    const [first] = buyers;
    await until("somebody gets one", async () => (await first?.reserve(event))?.status === 201);
    const rest = tally(await reserveAll(event, buyers.slice(1)));
    expect(rest).to.deep.equal({ "201": 2, "409 SOLD_OUT": 5 });
    expect(await levelsOf(event)).to.deep.equal([5, 0, 5, 0]);
    await expectExact(system, event);
  });

  it("shows it to everybody, and answers caches anew", async () => {
    const event = await createEvent(url(), [2]);
    const address = `${url()}/v1/events/${event.id}`;
    const before = await call<{ ticketTypes: Stock[] }>(address);
    await change(event, 3);
    const headers = { "if-none-match": before.headers.get("etag") ?? "" };
    const after = await call<{ ticketTypes: Stock[] }>(address, { headers });
    expect([after.status, after.body.ticketTypes[0]?.capacity]).to.deep.equal([200, 3]);
  });

  it("lowers it to what is taken, and not below", async () => {
    const event = await createEvent(url(), [10]);
    const [held, paid] = await reserveAll(event, buyers.slice(0, 3));
    await buyers[1]?.confirm(paid?.body.id ?? "");
    const { status, body } = await change(event, 2);
    expect([status, body.code, body.taken]).to.deep.equal([409, "CAPACITY_BELOW_TAKEN", 3]);
    expect((await change(event, 3)).body).to.include({ available: 0, held: 2, sold: 1 });
    expect(tally(await reserveAll(event))).to.deep.equal({ "409 SOLD_OUT": 8 });
    // What comes back is sold again, and the capacity stays.
    await buyers[0]?.cancel(held?.body.id ?? "");
    const last = buyers.at(-1);
    await until("somebody gets it", async () => (await last?.reserve(event))?.status === 201);
    expect(tally(await reserveAll(event))).to.deep.equal({ "409 SOLD_OUT": 8 });
    expect(await levelsOf(event)).to.deep.equal([3, 0, 2, 1]);
    await expectExact(system, event);
  });

  it("does it once, and hears the first answer again", async () => {
    const event = await createEvent(url(), [5]);
    const key = randomUUID();
    const first = await change(event, 8, { key });
    expect(first.headers.get("idempotent-replayed")).to.equal(null);
    await change(event, 6);
    const again = await change(event, 8, { key });
    expect([again.headers.get("idempotent-replayed"), again.text]).to.deep.equal([
      ...["true", first.text],
    ]);
    const reused = await change(event, 9, { key });
    expect([reused.status, reused.body.code]).to.deep.equal([422, "IDEMPOTENCY_KEY_REUSED"]);
    expect(await levelsOf(event)).to.deep.equal([6, 6, 0, 0]);
  });

  it("cannot change what is another's, or nobody's", async () => {
    const inventory = clientOf(
      InventoryService,
      system.processes["inventory-svc"][0]?.port("grpcPort") ?? 0,
    );
    const { event } = await inventory.createEvent(eventRequest());
    const anothers = { id: event?.id ?? "", types: event?.ticketTypes.map(({ id }) => id) ?? [] };
    const own = await createEvent(url(), [5]);
    const customer = buyers[0]?.token ?? "";
    for (const [answer, code] of [
      [await change(anothers, 9), "EVENT_NOT_FOUND"],
      [await change({ ...own, id: randomUUID() }, 9), "EVENT_NOT_FOUND"],
      [await change({ ...own, types: anothers.types }, 9), "TICKET_TYPE_NOT_FOUND"],
      [await change(own, 9, { token: customer }), "FORBIDDEN"],
    ] as const) {
      expect([answer.status, answer.body.code]).to.deep.equal([REASONS[code].status, code]);
    }
    expect(await levelsOf(own)).to.deep.equal([5, 5, 0, 0]);
    expect(await levelsOf(anothers)).to.deep.equal([10, 10, 0, 0]);
  });

  it("races with buyers: no unit is sold that was taken away", async () => {
    const event = await createEvent(url(), [6]);
    const wishes = [9, 3, 1, 12, 2, 7];
    const changes = wishes.map((capacity) => change(event, capacity));
    const bought = await reserveAll(event);
    const changed = await Promise.all(changes);
    for (const { status, body } of changed) {
      expect([200, "CAPACITY_BELOW_TAKEN"]).to.include(body.code ?? status);
    }
    const { "201": granted = 0 } = tally(bought);
    const [capacity = 0, available = 0, held = 0] = await levelsOf(event);
    expect(held).to.equal(granted);
    expect(available).to.equal(capacity - granted);
    await expectExact(system, event);
  });
});
