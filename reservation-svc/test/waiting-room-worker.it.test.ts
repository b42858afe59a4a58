import { createRegistry } from "@tessera/service-kit/metrics";
import { ServiceError } from "@tessera/service-kit/service-error";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { Admission } from "../src/app/admit-people.ts";
import { Sales } from "../src/app/sales.ts";
import type { RedisWaitingRoomStore } from "../src/redis/redis-waiting-room-store.ts";
import { waitingRoomMetrics } from "../src/waiting-room-metrics.ts";
import { MemorySales } from "./memory-sales.ts";
import {
  hoursFromNow,
  IN_STOCK,
  openRoom,
  people,
  shortly,
  useWaitingRoomStores,
} from "./use-waiting-room.ts";

describe("Admission", () => {
  const stores = useWaitingRoomStores();
  const source = new MemorySales();
  let store: RedisWaitingRoomStore;
  before(async () => {
    store = await stores.newStore();
  });
  beforeEach(async () => {
    source.before = () => Promise.resolve();
    await stores.redis().flushall();
    store = await stores.newStore();
  });

  /** One replica's worker, with a clock of its own. */
  const newWorker = () => {
    const registry = createRegistry("test");
    const failures: unknown[] = [];
    const onFailure = (reason: unknown, eventId: string) => failures.push([eventId, reason]);
    const { admission: observer } = waitingRoomMetrics(registry, onFailure);
    const clock = { now: 0 };
    const cursors: string[] = [];
    const admission = new Admission({
      store,
      sales: new Sales(source, () => clock.now),
      settleClaims: async (_room, cursor) => {
        cursors.push(cursor);
        return `${cursors.length}`;
      },
      observer,
      now: () => clock.now,
    });
    return {
      clock,
      /** Where each look at claims began. */
      cursors,
      failures,
      round: () => admission.round(() => false),
      metric: async (name: string, label = "") => {
        const lines = (await registry.metrics()).split("\n");
        const line = lines.find((one) => one.startsWith(name) && one.includes(label));
        return Number(line?.slice(line.lastIndexOf(" ")));
      },
    };
  };
  const roomWith = async (count: number, part: Parameters<typeof openRoom>[0], units = 100) => {
    const room = openRoom(part);
    source.add(room, { capacity: 100, available: units, held: 0 });
    const ids = people(count);
    await store.join(room, ids, IN_STOCK);
    return { room, ids };
  };

  it("looks after every room that anybody is in, from the first round on", async () => {
    const first = await roomWith(5, { maxActive: 2 });
    const second = await roomWith(5, {}, 3);
    const worker = newWorker();
    await worker.round();
    expect(shortly(await store.poll(first.room, first.ids.slice(1, 3)))).to.deep.equal([
      ...["admitted", "waiting 1"],
    ]);
    expect(shortly(await store.poll(second.room, second.ids.slice(2, 4)))).to.deep.equal([
      ...["admitted", "waiting 1"],
    ]);
    await worker.round();
    expect(await worker.metric("tessera_waiting_room_rooms{")).to.equal(2);
    expect(await worker.metric("tessera_waiting_room_waiting{")).to.equal(5);
    expect(await worker.metric("tessera_waiting_room_active{")).to.equal(5);
    const admitted = await worker.metric("tessera_waiting_room_people_total", '"admitted"');
    expect(admitted).to.equal(5);
  });

  it("lets in more than one step does, in one round", async () => {
    await roomWith(1_300, {}, 5_000);
    const worker = newWorker();
    await worker.round();
    expect(await worker.metric("tessera_waiting_room_active{")).to.equal(1_300);
  });

  it("reads what is left once a second, and tells everybody when that is nothing", async () => {
    const { room, ids } = await roomWith(5, { maxActive: 2 }, 1);
    const worker = newWorker();
    const reads = () => source.calls.stockOf;
    const before = reads();
    await worker.round();
    await worker.round();
    expect(reads()).to.equal(before + 1);
    source.add(room, { capacity: 100, available: 0, held: 1 });
    worker.clock.now += 1_001;
    await worker.round();
    expect(reads()).to.equal(before + 2);
    expect(shortly(await store.poll(room, ids))).to.deep.equal([
      ...["admitted", "waiting 1", "waiting 2", "waiting 3", "waiting 4"],
    ]);
    source.add(room, { capacity: 100, available: 0, held: 0 });
    worker.clock.now += 1_001;
    await worker.round();
    expect(new Set(shortly(await store.poll(room, ids)))).to.deep.equal(new Set(["gone"]));
    expect(await worker.metric("tessera_waiting_room_people_total", '"gone"')).to.equal(5);
  });

  it("looks for claims that nobody ended once a second, slice after slice", async () => {
    await roomWith(1, {}, 1);
    const worker = newWorker();
    for (const now of [0, 500, 1_001, 1_500, 2_100]) {
      worker.clock.now = now;
      await worker.round();
    }
    expect(worker.cursors).to.deep.equal(["0", "1", "2"]);
  });

  it("tells nobody that all is gone by what it read a while ago", async () => {
    const { room, ids } = await roomWith(2, {}, 0);
    const worker = newWorker();
    await worker.round();
    expect(shortly(await store.poll(room, ids))).to.deep.equal(["gone", "gone"]);
    source.add(room, { capacity: 100, available: 5, held: 0 });
    const late = people(1);
    await store.join(room, late, IN_STOCK);
    await worker.round();
    expect(shortly(await store.poll(room, late))).to.deep.equal(["waiting 1"]);
    await newWorker().round();
    expect(shortly(await store.poll(room, [...late, ...ids]))).to.deep.equal([
      ...["admitted", "gone", "gone"],
    ]);
  });

  it("lets nobody in after the end, nor before the opening: it counts them, now and then", async () => {
    const early = { ...openRoom(), openTime: hoursFromNow(0.5) };
    source.add(early);
    const ids = people(3);
    await store.join(early, ids.slice(0, 2), IN_STOCK);
    source.add({ ...(await roomWith(3, {})).room, closeTime: hoursFromNow(-0.5) });
    const worker = newWorker();
    const waiting = () => worker.metric("tessera_waiting_room_waiting{");
    await worker.round();
    const before = source.calls.stockOf;
    await store.join(early, ids, IN_STOCK);
    await worker.round();
    expect(await waiting()).to.equal(2);
    worker.clock.now += 5_000;
    await worker.round();
    expect(await waiting()).to.equal(3);
    expect(source.calls.stockOf).to.equal(before);
    expect(new Set(shortly(await store.poll(early, ids)))).to.deep.equal(new Set(["waiting 0"]));
    expect(await store.eventIds()).to.deep.equal([early.eventId]);
  });

  for (const [what, hours] of [
    ["ahead", 2],
    ["behind", -2],
  ] as const) {
    it(`goes by the store's clock, where its own is ${what}`, async () => {
      const { room, ids } = await roomWith(2, {});
      const worker = newWorker();
      const { now } = Date;
      Date.now = () => now() + hours * 3_600_000;
      try {
        await worker.round();
        await worker.round();
      } finally {
        Date.now = now;
      }
      expect(shortly(await store.poll(room, ids))).to.deep.equal(["admitted", "admitted"]);
      expect(await store.eventIds()).to.deep.equal([room.eventId]);
    });
  }

  it("lets people in at the opening", async () => {
    const room = { ...openRoom(), openTime: new Date(Date.now() + 500) };
    source.add(room, { capacity: 100, available: 100, held: 0 });
    const ids = people(2);
    await store.join(room, ids, IN_STOCK);
    const worker = newWorker();
    await worker.round();
    await until("it is open", async () => shortly(await store.poll(room, ids))[0] !== "waiting 0");
    worker.clock.now += 500;
    await worker.round();
    await worker.round();
    expect(shortly(await store.poll(room, ids))).to.deep.equal(["admitted", "admitted"]);
  });

  it("follows an opening that is moved within a second, one far away in five, and a pause", async () => {
    const far = { ...openRoom({ maxActive: 2 }), openTime: hoursFromNow(0.5) };
    source.add(far);
    await store.join(far, people(4), IN_STOCK);
    const worker = newWorker();
    const reads = source.calls.saleOf;
    for (; worker.clock.now < 60_000; worker.clock.now += 250) {
      await worker.round();
    }
    expect(source.calls.saleOf - reads).to.equal(12);
    source.add({ ...far, openTime: new Date(Date.now() + 30_000) });
    await worker.round();
    const opened = { ...far, openTime: hoursFromNow(-0.5) };
    source.add(opened);
    worker.clock.now += 1_001;
    await worker.round();
    expect(await worker.metric("tessera_waiting_room_active{")).to.equal(2);
    const wider = { ...opened, rules: { ...opened.rules, maxActive: 3 } };
    source.add(wider);
    worker.clock.now += 1_001;
    await worker.round();
    expect(await worker.metric("tessera_waiting_room_active{")).to.equal(3);
    source.add({ ...wider, rules: { ...wider.rules, maxActive: 4 }, openTime: far.openTime });
    worker.clock.now += 1_001;
    await worker.round();
    expect(await worker.metric("tessera_waiting_room_waiting{")).to.equal(1);
  });

  it("leaves a room alone that nobody is in, until somebody comes", async () => {
    const { room, ids } = await roomWith(1, {});
    await store.leave(room, ids[0] ?? "");
    const worker = newWorker();
    await worker.round();
    expect(await store.eventIds()).to.deep.equal([]);
    await store.join(room, ids, IN_STOCK);
    expect(await store.eventIds()).to.deep.equal([room.eventId]);
    // So does a poll, should the list be lost.
    await store.dismiss(room.eventId);
    await store.poll(room, ids);
    expect(await store.eventIds()).to.deep.equal([room.eventId]);
  });

  it("forgets rooms of events that are not there, or have none any more", async () => {
    const { room } = await roomWith(1, {});
    source.events.delete(room.eventId);
    const other = await roomWith(1, {});
    source.add({ ...other.room, rules: undefined });
    await newWorker().round();
    expect(await store.eventIds()).to.deep.equal([]);
  });

  it("looks after the others when it cannot look after one, and lets nobody in unseen", async () => {
    const { room, ids } = await roomWith(2, {});
    source.add(room, { capacity: 100, available: 0, held: 1 });
    const worker = newWorker();
    await worker.round();
    source.add(room);
    worker.clock.now += 1_001;
    const away = new ServiceError("DEPENDENCY_UNAVAILABLE", "away");
    source.before = () => Promise.reject(away);
    await worker.round();
    expect(worker.failures).to.deep.equal([[room.eventId, away]]);
    expect(await worker.metric("tessera_waiting_room_step_failures_total")).to.equal(1);
    expect(shortly(await store.poll(room, ids))).to.deep.equal(["waiting 1", "waiting 2"]);
    source.before = () => Promise.resolve();
    await worker.round();
    expect(shortly(await store.poll(room, ids))).to.deep.equal(["admitted", "admitted"]);
  });

  it("tells that people wait, and for how long, while it cannot look after their room", async () => {
    const away = () => Promise.reject(new ServiceError("DEPENDENCY_UNAVAILABLE", "away"));
    const worker = newWorker();
    const stalled = () => worker.metric("tessera_waiting_room_stalled_seconds");
    const early = { ...openRoom(), openTime: hoursFromNow(1) };
    source.add(early);
    await store.join(early, people(2), IN_STOCK);
    await worker.round();
    source.before = away;
    // Longer than what is known of a sale is good for.
    worker.clock.now += 700_000;
    await worker.round();
    expect(worker.failures).to.have.length(1);
    expect(await stalled()).to.equal(0);
    source.before = () => Promise.resolve();
    await roomWith(3, { maxActive: 1 });
    await worker.round();
    await worker.round();
    source.before = away;
    worker.clock.now += 90_000;
    await worker.round();
    expect(await worker.metric("tessera_waiting_room_waiting{")).to.equal(4);
    expect(await worker.metric("tessera_waiting_room_active{")).to.equal(1);
    expect(await stalled()).to.be.within(90, 91);
    source.before = () => Promise.resolve();
    await worker.round();
    expect(await stalled()).to.be.below(1);
  });
});
