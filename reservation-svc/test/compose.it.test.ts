import { randomUUID } from "node:crypto";
import { passKeysOf, signPass } from "@tessera/admission-pass";
import { Lifecycle } from "@tessera/service-kit/lifecycle";
import { createLogger } from "@tessera/service-kit/logger";
import { useOwnRedis } from "@tessera/testkit/processes";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { Registry } from "prom-client";
import { Sales } from "../src/app/sales.ts";
import { composeApp } from "../src/compose.ts";
import { readConfig } from "../src/config.ts";
import { reservationMetrics } from "../src/metrics.ts";
import { MysqlReservationStore } from "../src/mysql/mysql-reservation-store.ts";
import { openRedis } from "../src/redis/open-redis.ts";
import { waitingRoomMetrics } from "../src/waiting-room-metrics.ts";
import { MemorySales } from "./memory-sales.ts";
import { useReservations, wishFor } from "./use-reservations.ts";
import { hoursFromNow, openRoom } from "./use-waiting-room.ts";

/** As many as are claimed at once, at most. */
const CLAIMS_AT_ONCE = 1_000;
const SECRET = "a secret that signs the passes of these tests";

describe("composeApp", () => {
  const { schema, ledger } = useReservations();
  const own = useOwnRedis();
  const lifecycle = new Lifecycle();
  const registry = new Registry();
  const source = new MemorySales();
  after(() => lifecycle.close());

  function compose() {
    const config = readConfig({
      MYSQL_URL: schema.url,
      REDIS_URL: own.server.url,
      PASS_SECRETS: SECRET,
      ROOM_TIMEOUT_MS: "10000",
    });
    const silent = { locks: () => undefined, rooms: () => undefined };
    return composeApp({
      config,
      ledger,
      store: new MysqlReservationStore(schema.pool),
      sales: new Sales(source),
      redis: openRedis(config, lifecycle, silent),
      metrics: reservationMetrics(registry),
      roomMetrics: waitingRoomMetrics(registry, () => undefined),
      logger: createLogger({ service: "reservation-test", level: "silent" }),
    });
  }

  it("tells how many passes wait to be claimed", async () => {
    const { createReservation, waitingRooms } = compose();
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
});
