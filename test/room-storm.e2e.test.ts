import { createHmac } from "node:crypto";
import { ReservationService } from "@tessera/proto/reservation/v1/reservation_service_pb";
import { WaitingRoomService } from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import { useSystem } from "@tessera/testkit/processes";
import { expect } from "chai";
import { changeEvent, createEvent, stockOf } from "./market.ts";
import { RoomStorm, type Visitor } from "./room-storm.ts";
import { useClients } from "./rpc.ts";
import { expectExact } from "./settled.ts";
import { TEST_ENV } from "./test-env.ts";
import { metricOf } from "./watch.ts";

const CROWD = 20_000;
/** How many of them come after the opening. */
const LATE = 1_000;
const UNITS = 3_000;
const SLOTS = 1_500;
/** Time enough for every replica to hear when the sale opens, in milliseconds. */
const OPENS_AFTER_MS = 3_000;
/** Longer than this the crowd is not kept waiting for the end, in milliseconds. */
const PATIENCE_MS = 100_000;

describe("a crowd in a waiting room", () => {
  const system = useSystem({
    replicas: { "reservation-svc": 3 },
    env: {
      ...TEST_ENV,
      // The crowd is asked more often than in life, so that the test is short.
      "reservation-svc": { ...TEST_ENV["reservation-svc"], POLLS_PER_SECOND: "4000" },
    },
  });
  const clientOf = useClients();
  const metric = async (name: string, ...labels: string[]) => {
    const counts = system.processes["reservation-svc"].map((one) => metricOf(one, name, ...labels));
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  };

  it("is let in, each once and in order, or told that all is gone, whoever is killed meanwhile", async function () {
    this.timeout(120_000);
    const event = await createEvent(system.bffUrl(), [UNITS], {
      salesOpenAt: new Date(Date.now() + 600_000).toISOString(),
      waitingRoom: {
        ...{ admitPerMinute: 120_000, maxActive: SLOTS, passSeconds: 600, onStoreLoss: "closed" },
      },
    });
    const services = system.processes["reservation-svc"];
    const replicas = services.map((service) => ({
      rooms: clientOf(WaitingRoomService, service.port("grpcPort")),
      reservations: clientOf(ReservationService, service.port("grpcPort")),
    }));
    const storm = new RoomStorm(event, replicas, CROWD);
    const [early, late] = [storm.visitors.slice(LATE), storm.visitors.slice(0, LATE)];
    await storm.join(early);
    await storm.join(early.slice(0, 500));
    expect(storm.faults).to.deep.equal([]);
    // The sale opens when the crowd is there, which was told to wait for longer and looks again.
    const openTime = Date.now() + OPENS_AFTER_MS;
    const salesOpenAt = new Date(openTime).toISOString();
    expect(await changeEvent(system.bffUrl(), event, { salesOpenAt })).to.include({ status: 200 });
    for (const visitor of early) {
      visitor.pollTime = openTime - 1_000;
    }

    const disturbances = [
      { at: 300, begin: () => services[0]?.kill().then(() => services[0]?.start()) },
      { at: 1_000, begin: () => system.redis.stop().then(() => system.redis.start()) },
      { at: 2_000, begin: () => services[1]?.kill().then(() => services[1]?.start()) },
    ];
    const begun: (Promise<unknown> | undefined)[] = [];
    await storm.run(PATIENCE_MS, async () => {
      if (storm.count("outside") > 0 && Date.now() > openTime) {
        await storm.join(late.filter(({ state }) => state === "outside"));
      }
      const [next] = disturbances;
      if (next !== undefined && storm.count("bought") >= next.at) {
        disturbances.shift();
        begun.push(next.begin());
      }
    });
    await Promise.all(begun);

    expect(storm.faults).to.deep.equal([]);
    expect(begun).to.have.length(3);
    expect(storm.again, "nobody noticed what was killed").to.be.greaterThan(0);
    expect([storm.count("bought"), storm.count("gone")]).to.deep.equal([UNITS, CROWD - UNITS]);
    expect((await stockOf(system.bffUrl(), event))[0]).to.include({ available: 0, sold: UNITS });
    await expectExact(system, event);
    await expectInOrder(early, late);
    expect(await metric("tessera_waiting_room_step_seconds_count")).to.be.greaterThan(0);

    /** The lucky ones are those whom the draw put first, and they were let in in its order. */
    async function expectInOrder(drawn: readonly Visitor[], others: readonly Visitor[]) {
      const { draw } = await (replicas[2]?.rooms.getDraw({ eventId: event.id }) ?? expect.fail());
      expect(draw?.entrants).to.equal(drawn.length);
      const seed = Buffer.from(draw?.seed ?? "", "hex");
      const numbered = drawn.map((visitor) => ({ visitor, number: numberOf(visitor, seed) }));
      const line = numbered.toSorted((a, b) => a.number - b.number).map(({ visitor }) => visitor);
      const sure = line.filter(({ mayHaveBeenSilent }) => !mayHaveBeenSilent);
      // Whom this test kept waiting itself may have been skipped, and come back.
      expect(sure.length).to.be.greaterThan(0.9 * line.length);
      const bought = sure.filter(({ state }) => state === "bought");
      const first = sure.slice(0, bought.length - (line.length - sure.length));
      expect(first.filter(({ state }) => state !== "bought")).to.deep.equal([]);
      expect(others.filter(({ state }) => state === "bought")).to.deep.equal([]);
      const serials = bought.map(({ serial }) => serial);
      expect(serials).to.deep.equal(serials.toSorted((a, b) => a - b));
      expect(Math.min(...serials)).to.be.at.least(openTime);
    }
  });
});

function numberOf({ userId }: Visitor, seed: Buffer): number {
  return createHmac("sha256", seed).update(userId).digest().readUIntBE(0, 6);
}
