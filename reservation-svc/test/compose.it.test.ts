import { randomUUID } from "node:crypto";
import { passKeysOf, signPass } from "@tessera/admission-pass";
import { Lifecycle } from "@tessera/service-kit/lifecycle";
import { createLogger } from "@tessera/service-kit/logger";
import { useOwnRedis } from "@tessera/testkit/processes";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { Registry } from "prom-client";
import { cancelReservation } from "../src/app/cancel-reservation.ts";
import { Sales } from "../src/app/sales.ts";
import { composeApp } from "../src/compose.ts";
import { readConfig } from "../src/config.ts";
import { reservationMetrics } from "../src/metrics.ts";
import { MysqlDrawSeedStore } from "../src/mysql/mysql-draw-seed-store.ts";
import { MysqlReservationStore } from "../src/mysql/mysql-reservation-store.ts";
import { openRedis } from "../src/redis/open-redis.ts";
import { waitingRoomMetrics } from "../src/waiting-room-metrics.ts";
import { MemorySales } from "./memory-sales.ts";
import { reasonOf, useReservations, wishFor } from "./use-reservations.ts";
import { hoursFromNow, openRoom } from "./use-waiting-room.ts";

/** As many as are claimed at once, at most. */
const CLAIMS_AT_ONCE = 1_000;
const SECRET = "a secret that signs the passes of these tests";

describe("composeApp", () => {
  const { schema, ledger } = useReservations();
  const own = useOwnRedis();
  const lifecycle = new Lifecycle();
  const source = new MemorySales();
  after(() => lifecycle.close());

  function compose(env: NodeJS.ProcessEnv = {}) {
    const registry = new Registry();
    const config = readConfig({
      MYSQL_URL: schema.url,
      REDIS_URL: own.server.url,
      PASS_SECRETS: SECRET,
      ROOM_TIMEOUT_MS: "10000",
      ...env,
    });
    const silent = { locks: () => undefined, rooms: () => undefined };
    const redis = openRedis(config, lifecycle, silent);
    const app = composeApp({
      config,
      ledger,
      store: new MysqlReservationStore(schema.pool),
      seeds: new MysqlDrawSeedStore(schema.pool),
      sales: new Sales(source),
      redis,
      metrics: reservationMetrics(registry),
      roomMetrics: waitingRoomMetrics(registry, () => undefined),
      logger: createLogger({ service: "reservation-test", level: "silent" }),
    });
    return { ...app, redis, registry };
  }

  it("tells how many passes wait to be claimed", async () => {
    const { createReservation, waitingRooms, registry } = compose();
    const event = ledger.addEvent();
    const { eventId } = event;
    source.add({ ...openRoom(), eventId });
    const visitor = { eventId, userId: randomUUID() };
    await until("the waiting room is there", async () => {
      const [place] = await waitingRooms.join([visitor]);
      return !(place instanceof Error);
    });
    const keys = passKeysOf([SECRET]);
    const buyers = Array.from({ length: CLAIMS_AT_ONCE + 1 }, async () => {
      const userId = randomUUID();
      const pass = { eventId, userId, serial: "1", expireTime: hoursFromNow(1) };
      return wishFor(event, { userId, admissionPass: await signPass(pass, keys) });
    });
    const wishes = await Promise.all(buyers);
    await own.server.pause();
    const answers = wishes.map((wish) =>
      createReservation.create(wish, performance.now() + 20_000).catch((reason) => reason),
    );
    try {
      // At least one: batches that left before all had come were smaller.
      await until("some of them wait", async () =>
        /^tessera_queue_depth\{queue="pass"\} [1-9]/m.test(await registry.metrics()),
      );
    } finally {
      own.server.signal("SIGCONT");
    }
    // None of them was let in: what matters is that all of them were asked for.
    for (const answer of await Promise.all(answers)) {
      expect(answer).to.include({ reason: "PASS_INVALID" });
    }
  });

  for (const { who, capacity, isRestarted } of [
    { who: "one that never saw it run out", capacity: 2, isRestarted: false },
    { who: "one that was restarted since", capacity: 1, isRestarted: true },
  ]) {
    it(`sells at once what came back through another replica, ${who}`, async () => {
      // Longer than is waited below: what is only forgotten was not told.
      const trusting = { SOLD_OUT_TRUST_MS: "10000" };
      const [here, there] = [compose(trusting), compose(trusting)];
      const event = ledger.addEvent({ capacity });
      source.add({ ...openRoom(), eventId: event.eventId, rules: undefined });
      const reserve = ({ createReservation }: typeof here, quantity: number) =>
        createReservation.create(wishFor(event, { quantity }), performance.now() + 10_000);
      const { id, userId } = (await reserve(there, 1)).reservation;
      await until("it is refused from memory", async () => {
        const asked = ledger.calls.allocate;
        expect(await reasonOf(reserve(here, capacity))).to.equal("SOLD_OUT");
        return ledger.calls.allocate === asked;
      });
      const { cancel, redis } = isRestarted ? compose(trusting) : there;
      await until("it is connected", () => redis.main.status === "ready");
      await cancelReservation(cancel, { userId, reservationId: id, requestId: randomUUID() });
      const isSold = async () => (await reasonOf(reserve(here, capacity))) === "none";
      await until("all of it is sold", isSold, { patienceMs: 5_000 });
    });
  }
});
