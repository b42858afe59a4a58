import { createHash, createHmac, randomUUID } from "node:crypto";
import { ReservationService } from "@tessera/proto/reservation/v1/reservation_service_pb";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { changeCapacity, createEvent, newBuyer, newBuyers, type SaleEvent } from "./market.ts";
import { type Answer, call } from "./rest.ts";
import { useClients } from "./rpc.ts";
import { expectExact } from "./settled.ts";
import { useSharedSystem } from "./shared-system.ts";
import { newWaiting, type Place, WaitingBuyer } from "./waiting-buyer.ts";

/** Everybody is let in at once. */
const WIDE = { admitPerMinute: 60_000, maxActive: 100, passSeconds: 60 };

interface Draw {
  eventId: string;
  commitment: string;
  seed: string | null;
  drawTime: string;
  entrants: number;
}

const outcome = ({ status, body }: Answer) => [status, body.code];

describe("a sale with a waiting room", () => {
  const system = useSharedSystem();
  const url = () => system.bffUrl();
  const clientOf = useClients();
  const soon = (ms: number) => new Date(Date.now() + ms).toISOString();
  const drawOf = async (event: SaleEvent) =>
    await call<Draw>(`${url()}/v1/events/${event.id}/queue/draw`);

  it("is joined, waited for, and bought from with a pass", async () => {
    const event = await createEvent(url(), [10], { waitingRoom: WIDE });
    const [ann, bob] = (await newWaiting(url(), event, 2)) as [WaitingBuyer, WaitingBuyer];

    // Without a pass nobody gets in, not even past the BFF.
    expect(outcome(await ann.reserve({}))).to.deep.equal([428, "PASS_REQUIRED"]);
    expect(outcome(await ann.poll())).to.deep.equal([404, "PLACE_NOT_FOUND"]);

    // 1. Join. Joining again, a reload or a second device say, gives the same place.
    const joined = await ann.join();
    expect(joined.status, joined.text).to.equal(201);
    expect(joined.body).to.include({ eventId: event.id, stockHint: "PLENTY" });
    expect((await ann.join()).status).to.equal(200);

    // 2. Wait: poll when the server says so.
    const pass = await ann.admitted();
    expect((await ann.poll()).body.pass).to.equal(pass);

    // 3. Reserve with the pass. It is good for one reservation; repeating that one is no other.
    const key = randomUUID();
    const held = await ann.reserve({ pass, key });
    expect(held.status, held.text).to.equal(201);
    const repeated = await ann.reserve({ pass, key });
    expect([repeated.status, repeated.text]).to.deep.equal([201, held.text]);
    expect(repeated.headers.get("idempotent-replayed")).to.equal("true");
    expect(outcome(await ann.reserve({ pass }))).to.deep.equal([409, "PASS_USED"]);

    // A pass is its owner's, for its event.
    await bob.join();
    const other = await bob.admitted();
    expect(outcome(await ann.reserve({ pass: other }))).to.deep.equal([403, "PASS_INVALID"]);
    const elsewhere = await createEvent(url(), [10], { waitingRoom: WIDE });
    const there = new WaitingBuyer(bob.buyer, elsewhere);
    expect(outcome(await there.reserve({ pass: other }))).to.deep.equal([403, "PASS_INVALID"]);
    const forged = `${other.slice(0, -4)}AAAA`;
    expect(outcome(await bob.reserve({ pass: forged }))).to.deep.equal([403, "PASS_INVALID"]);
    // None of that has used it up.
    expect((await bob.reserve({ pass: other })).status).to.equal(201);

    // 4. Pay, as everywhere.
    expect((await ann.buyer.confirm(held.body.id)).status).to.equal(200);
    await expectExact(system, event);
  });

  it("cannot be entered by asking reservation-svc itself", async () => {
    const event = await createEvent(url(), [10], { waitingRoom: WIDE });
    const [ann, bob] = (await newWaiting(url(), event, 2)) as [WaitingBuyer, WaitingBuyer];
    await bob.join();
    const stolen = await bob.admitted();
    const [process] = system.processes["reservation-svc"];
    const reservations = clientOf(ReservationService, process?.port("grpcPort") ?? 0);
    const entry = (admissionPass: string) => ({
      requestId: randomUUID(),
      userId: ann.buyer.userId,
      eventId: event.id,
      items: [{ ticketTypeId: event.types[0] ?? "", quantity: 1 }],
      admissionPass,
    });
    const { results } = await reservations.batchCreateReservations({
      entries: [entry(""), entry("let me in"), entry(stolen)],
    });
    const reasons = results.map(
      ({ outcome: { value } }) => value && "reason" in value && value.reason,
    );
    expect(reasons).to.deep.equal(["PASS_REQUIRED", "PASS_INVALID", "PASS_INVALID"]);
  });

  it("draws those who came early, and lets them check the draw", async () => {
    // Signed up before the clock starts.
    const buyers = await newBuyers(url(), 6);
    const event = await createEvent(url(), [10], {
      salesOpenAt: soon(4_000),
      // One of them at a time: the others' order can be seen.
      waitingRoom: { ...WIDE, maxActive: 1 },
    });
    const [late, ...early] = buyers.map((buyer) => new WaitingBuyer(buyer, event)) as [
      WaitingBuyer,
      ...WaitingBuyer[],
    ];
    for (const person of early) {
      const { status, body } = await person.join();
      expect([status, body.state, body.position, body.ahead]).to.deep.equal([
        201,
        "WAITING",
        null,
        null,
      ]);
    }
    const before = await drawOf(event);
    expect(before.body).to.include({ eventId: event.id, seed: null, entrants: 0 });
    const [first] = early as [WaitingBuyer];
    const tooEarly = await first.drawNumber();
    expect(outcome(tooEarly)).to.deep.equal([425, "DRAW_NOT_YET"]);
    expect(Number(tooEarly.headers.get("retry-after"))).to.be.within(1, 4);

    const drawn = await until("the draw is made", async () => {
      const { body } = await drawOf(event);
      return body.seed !== null && body.entrants > 0 && body;
    });
    expect([drawn.commitment, drawn.entrants]).to.deep.equal([before.body.commitment, 5]);
    const seed = Buffer.from(drawn.seed ?? "", "hex");
    expect(createHash("sha256").update(seed).digest("hex")).to.equal(drawn.commitment);
    const numberOf = ({ buyer }: WaitingBuyer) =>
      createHmac("sha256", seed).update(buyer.userId).digest().readUIntBE(0, 6);
    for (const person of early) {
      expect((await person.drawNumber()).body).to.deep.equal({
        eventId: event.id,
        userId: person.buyer.userId,
        drawNumber: numberOf(person),
      });
    }

    // Who comes now stands behind them all.
    expect((await late.join()).body.state).to.equal("WAITING");
    expect(outcome(await late.drawNumber())).to.deep.equal([404, "PLACE_NOT_FOUND"]);
    const order = early.toSorted((one, other) => numberOf(one) - numberOf(other));
    await order[0]?.admitted();
    const rest = [...order.slice(1), late];
    const positions = await Promise.all(
      rest.map(async (person) => (await person.poll()).body.position),
    );
    expect(positions).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it("can be listened to instead of polled", async () => {
    const buyer = await newBuyer(url());
    const event = await createEvent(url(), [10], { salesOpenAt: soon(3_000), waitingRoom: WIDE });
    const ann = new WaitingBuyer(buyer, event);
    await ann.join();
    const stream = await ann.listen();
    expect(stream.headers.get("content-type")).to.equal("text/event-stream; charset=utf-8");
    expect(await stream.ended).to.equal(true);
    const places: Place[] = stream.events.map(({ data }) => data);
    expect(new Set(stream.events.map((each) => each.event))).to.deep.equal(new Set(["place"]));
    expect([places.at(0)?.state, places.at(-1)?.state]).to.deep.equal(["WAITING", "ADMITTED"]);
    expect((await ann.reserve({ pass: places.at(-1)?.pass ?? "" })).status).to.equal(201);
  });

  it("tells everybody at once when the last unit is sold", async () => {
    const event = await createEvent(url(), [1], { waitingRoom: { ...WIDE, maxActive: 1 } });
    const [lucky, polls, listens] = (await newWaiting(url(), event, 3)) as [
      WaitingBuyer,
      WaitingBuyer,
      WaitingBuyer,
    ];
    await lucky.join();
    const pass = await lucky.admitted();
    await Promise.all([polls.join(), listens.join()]);
    const stream = await listens.listen();
    const held = await lucky.reserve({ pass });
    expect(held.status, held.text).to.equal(201);
    // While it is only held, it may still come back: they wait on.
    expect((await polls.poll()).body.state).to.equal("WAITING");
    expect((await lucky.buyer.confirm(held.body.id)).status).to.equal(200);
    const told = await polls.wait(({ state }) => state !== "WAITING");
    expect(told).to.include({ state: "GONE", stockHint: "GONE", pollAfterMs: null });
    expect(await stream.ended).to.equal(true);
    expect(stream.events.at(-1)?.data).to.include({ state: "GONE" });

    // Units that the organiser adds are for those who join from now on.
    expect((await changeCapacity(url(), event, 2)).status).to.equal(200);
    expect((await listens.poll()).body.state).to.equal("GONE");
    await until("there is a new line", async () => (await polls.join()).body.state === "WAITING");
    const second = await polls.reserve({ pass: await polls.admitted() });
    expect(second.status, second.text).to.equal(201);
    await expectExact(system, event);
  });

  it("repeats an answer after the pass has lapsed, and gives nothing new for it", async () => {
    const event = await createEvent(url(), [10], { waitingRoom: { ...WIDE, passSeconds: 10 } });
    const [quick, slow] = (await newWaiting(url(), event, 2)) as [WaitingBuyer, WaitingBuyer];
    await Promise.all([quick.join(), slow.join()]);
    const [pass, unused] = await Promise.all([quick.admitted(), slow.admitted()]);
    const key = randomUUID();
    const held = await quick.reserve({ pass, key });
    expect(held.status, held.text).to.equal(201);
    const lapsed = await until("the passes have lapsed", async () => {
      const { body } = await slow.poll();
      return body.state !== "ADMITTED" && body;
    });
    expect(lapsed).to.include({ state: "EXPIRED", position: null, pollAfterMs: null });

    const repeated = await quick.reserve({ pass, key });
    expect([repeated.status, repeated.text]).to.deep.equal([201, held.text]);
    expect(repeated.headers.get("idempotent-replayed")).to.equal("true");
    expect(outcome(await slow.reserve({ pass: unused }))).to.deep.equal([410, "PASS_EXPIRED"]);
    // Who joins again gets another place, and another pass.
    expect((await slow.join()).status).to.equal(201);
    expect((await slow.reserve({ pass: await slow.admitted() })).status).to.equal(201);
    await expectExact(system, event);
  });

  it("forgets whoever leaves", async () => {
    const event = await createEvent(url(), [10], { waitingRoom: WIDE });
    const [ann] = (await newWaiting(url(), event, 1)) as [WaitingBuyer];
    await ann.join();
    expect([(await ann.leave()).status, (await ann.leave()).status]).to.deep.equal([204, 204]);
    expect(outcome(await ann.poll())).to.deep.equal([404, "PLACE_NOT_FOUND"]);
  });

  it("is told from events that have none, or that there are not", async () => {
    const open = await createEvent(url(), [10]);
    const [ann] = (await newWaiting(url(), open, 1)) as [WaitingBuyer];
    const nowhere = new WaitingBuyer(ann.buyer, { id: randomUUID(), types: [] });
    for (const [person, code] of [
      [ann, "NO_WAITING_ROOM"],
      [nowhere, "EVENT_NOT_FOUND"],
    ] as const) {
      for (const answer of [
        await person.join(),
        await person.poll(),
        await person.leave(),
        await person.drawNumber(),
        await drawOf(person.event),
      ]) {
        expect(outcome(answer)).to.deep.equal([404, code]);
      }
    }
    expect((await ann.reserve({})).status).to.equal(201);
  });
});
