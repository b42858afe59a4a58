import { randomUUID } from "node:crypto";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import {
  type Buyer,
  changeEvent,
  createEvent,
  newBuyers,
  type SaleEvent,
  signIn,
  tally,
} from "./market.ts";
import { call } from "./rest.ts";
import { expectExact } from "./settled.ts";
import { useSharedSystem } from "./shared-system.ts";
import { WaitingBuyer } from "./waiting-buyer.ts";

const ROOM = { admitPerMinute: 60_000, maxActive: 100, passSeconds: 600 };
const soon = (seconds: number) => new Date(Date.now() + 1000 * seconds).toISOString();

describe("an organiser who changes a sale", () => {
  const system = useSharedSystem();
  const url = () => system.bffUrl();
  let buyers: Buyer[];
  let token: string;
  before(async () => {
    buyers = await newBuyers(url(), 6);
    token = await signIn(url());
  });

  const change = async (event: SaleEvent, body: object, more: { key?: string } = {}) => {
    const answer = await changeEvent<{ salesOpenAt: string }>(url(), event, body, {
      token,
      ...more,
    });
    expect(answer.status, answer.text).to.equal(200);
    return answer;
  };
  const reserveAll = (event: SaleEvent, some: readonly Buyer[] = buyers) =>
    Promise.all(some.map((buyer) => buyer.reserve(event)));
  const lineOf = async (event: SaleEvent, some: readonly Buyer[] = buyers) => {
    const line = some.map((buyer) => new WaitingBuyer(buyer, event));
    for (const person of line) {
      expect((await person.join()).status).to.equal(201);
    }
    return line;
  };
  const placesOf = async (line: readonly WaitingBuyer[]) =>
    (await Promise.all(line.map((person) => person.poll()))).map(({ body }) => body);
  const statesOf = async (line: readonly WaitingBuyer[]) =>
    (await placesOf(line)).map(({ state, position }) => position ?? state);

  it("opens it now, pauses it and closes it, for whoever comes after the answer", async () => {
    const [first] = buyers;
    const event = await createEvent(url(), [10], { salesOpenAt: soon(600) });
    expect(tally(await reserveAll(event))).to.deep.equal({ "403 SALES_CLOSED": 6 });
    const { body } = await change(event, { salesOpenAt: soon(0) });
    const held = await first?.reserve(event);
    expect(held?.status).to.equal(201);
    await change(event, { salesOpenAt: soon(600) });
    expect(tally(await reserveAll(event))).to.deep.equal({ "403 SALES_CLOSED": 6 });
    // Whoever had something, has it.
    expect((await first?.confirm(held?.body.id ?? ""))?.status).to.equal(200);
    await change(event, { salesOpenAt: body.salesOpenAt });
    expect(tally(await reserveAll(event))).to.deep.equal({ "201": 6 });
    await change(event, { salesCloseAt: soon(0) });
    expect(tally(await reserveAll(event))).to.deep.equal({ "403 SALES_CLOSED": 6 });
    await expectExact(system, event);
  });

  it("shows it to everybody within a second, and answers caches anew", async () => {
    const event = await createEvent(url(), [2]);
    const address = `${url()}/v1/events/${event.id}`;
    const before = await call(address);
    const { text } = await change(event, { name: "Another name", venue: "Elsewhere" });
    const headers = { "if-none-match": before.headers.get("etag") ?? "" };
    await until("it is shown", async () => (await call(address, { headers })).text === text, {
      patienceMs: 5_000,
    });
  });

  it("takes nothing from who has more than is allowed now", async () => {
    const [buyer] = buyers as [Buyer];
    const event = await createEvent(url(), [10], { maxPerUser: 5 });
    const held = await buyer.reserve(event, [[0, 5]]);
    await change(event, { maxPerUser: 2 });
    expect(tally([await buyer.reserve(event)])).to.deep.equal({ "409 LIMIT_EXCEEDED": 1 });
    expect((await buyer.confirm(held.body.id)).body.state).to.equal("CONFIRMED");
    await expectExact(system, event);
  });

  it("does it once, and hears the first answer again", async () => {
    const event = await createEvent(url(), [5], { waitingRoom: ROOM });
    const key = randomUUID();
    const first = await change(event, { waitingRoom: { maxActive: 7 } }, { key });
    expect(first.headers.get("idempotent-replayed")).to.equal(null);
    await change(event, { name: "Another name", waitingRoom: { maxActive: 8 } });
    const again = await change(event, { waitingRoom: { maxActive: 7 } }, { key });
    expect([again.headers.get("idempotent-replayed"), again.text]).to.deep.equal([
      ...["true", first.text],
    ]);
    const body = { waitingRoom: { maxActive: 9 } };
    const reused = await changeEvent(url(), event, body, { token, key });
    expect([reused.status, reused.body.code]).to.deep.equal([422, "IDEMPOTENCY_KEY_REUSED"]);
  });

  it("is told which field would make it no sale", async () => {
    const event = await createEvent(url(), [5]);
    for (const [field, body] of [
      ["salesOpenAt", { salesOpenAt: soon(86_400) }],
      ["salesCloseAt", { salesCloseAt: "2020-01-01T00:00:00Z" }],
      ["waitingRoom", { waitingRoom: ROOM }],
    ] as const) {
      const answer = await changeEvent(url(), event, body, { token });
      expect([answer.status, answer.body.errors?.[0]?.field]).to.deep.equal([400, field]);
      expect(answer.body.detail).to.match(new RegExp(`^${field} `));
    }
  });

  describe("with a waiting room", () => {
    it("lets in faster and slower, and nobody at all", async () => {
      const paused = { ...ROOM, admitPerMinute: 1 };
      const event = await createEvent(url(), [10], { waitingRoom: { ...paused, maxActive: 1 } });
      await change(event, { waitingRoom: { admitPerMinute: 0 } });
      const line = await lineOf(event);
      await until("nobody knows for how long", async () =>
        (await placesOf(line)).every(({ estimatedWaitSeconds }) => estimatedWaitSeconds === null),
      );
      expect(await statesOf(line)).to.deep.equal([1, 2, 3, 4, 5, 6]);
      await change(event, { waitingRoom: { admitPerMinute: 60_000 } });
      await until("one is let in", async () => (await statesOf(line))[0] === "ADMITTED");
      expect(await statesOf(line)).to.deep.equal(["ADMITTED", 1, 2, 3, 4, 5]);
      await change(event, { waitingRoom: { maxActive: 4 } });
      await until("three more are let in", async () => (await statesOf(line))[3] === "ADMITTED");
      expect((await statesOf(line)).slice(4)).to.deep.equal([1, 2]);
    });

    it("postpones the opening, and keeps the line and the draw through a pause", async () => {
      const event = await createEvent(url(), [10], {
        ...{ salesOpenAt: soon(600), waitingRoom: { ...ROOM, maxActive: 1 } },
      });
      const drawOf = async () =>
        (
          await call<{ seed: string | null; drawTime: string; entrants: number }>(
            `${url()}/v1/events/${event.id}/queue/draw`,
          )
        ).body;
      const early = await lineOf(event, buyers.slice(0, 4));
      await change(event, { salesOpenAt: soon(1_200) });
      await until("they wait for longer", async () =>
        (await placesOf(early)).every(({ estimatedWaitSeconds: wait }) => (wait ?? 0) > 601),
      );
      const { body } = await change(event, { salesOpenAt: soon(0) });
      await until("one is let in", async () => (await statesOf(early)).includes("ADMITTED"));
      const positions = await statesOf(early);
      expect(positions.map(String).sort()).to.deep.equal(["1", "2", "3", "ADMITTED"]);
      await until("the draw is told", async () => (await drawOf()).entrants === 4);
      const draw = await drawOf();

      await change(event, { salesOpenAt: soon(3_000) });
      await until("they wait for the opening", async () =>
        (await placesOf(early)).some(({ estimatedWaitSeconds: wait }) => (wait ?? 0) > 2_000),
      );
      const late = await lineOf(event, buyers.slice(4));
      expect(await statesOf([...early, ...late])).to.deep.equal([...positions, 4, 5]);
      expect(await drawOf()).to.deep.equal(draw);

      // As it was before: everybody goes on where they stood.
      await change(event, { salesOpenAt: body.salesOpenAt, waitingRoom: { maxActive: 2 } });
      const second = early[positions.indexOf(1)];
      await until(
        "the next is let in",
        async () => (await second?.poll())?.body.state === "ADMITTED",
      );
      expect(await statesOf(late)).to.deep.equal([3, 4]);
      expect(await drawOf()).to.deep.equal(draw);
    });
  });
});
