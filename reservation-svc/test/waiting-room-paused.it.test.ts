import { expect } from "chai";
import {
  hoursFromNow,
  IN_STOCK,
  keyOf,
  openRoom,
  PLENTY,
  people,
  shortly,
  standings,
  useWaitingRoomStores,
} from "./use-waiting-room.ts";

describe("a waiting room that is paused", () => {
  const stores = useWaitingRoomStores();

  it("lets nobody in at a rate of 0, who go on waiting and are not told for how long", async () => {
    const store = await stores.newStore();
    const room = openRoom({ admitPerMinute: 60_000, maxActive: 2 });
    const ids = people(4);
    await stores.redis().hset(keyOf(room, "room"), "slot_ms", 1);
    await store.join(room, ids, IN_STOCK);
    await store.admit(room, { ...PLENTY, available: 1 });
    const paused = { ...room, rules: { ...room.rules, admitPerMinute: 0 } };
    // A slot is free, and then none.
    for (const available of [2, 1]) {
      const supply = { ...PLENTY, available };
      expect(await store.admit(paused, supply)).to.include({ admitted: 0, waiting: 3, active: 1 });
      const heard = await store.poll(paused, ids);
      expect(shortly(heard)).to.deep.equal(["admitted", "waiting 1", "waiting 2", "waiting 3"]);
      for (const one of standings(heard).slice(1)) {
        expect(one).to.include({ waitMs: undefined, pollAfterMs: 1_000 });
      }
    }
    const early = { ...paused, openTime: hoursFromNow(0.5) };
    const [drawn] = standings(
      await store.join({ ...early, eventId: people(1)[0] ?? "" }, people(1), IN_STOCK),
    );
    expect(drawn).to.have.property("waitMs").within(1_700_000, 1_800_000);
    // A pause is no standstill, and says nothing of how fast it goes on.
    await stores.redis().hset(keyOf(room, "room"), "admit_time", Date.now() - 90_000);
    await stores.redis().hset(keyOf(room, "room"), "pace_time", Date.now() - 90_000);
    expect(await store.admit(paused, PLENTY)).to.include({ admitted: 0, stalledMs: 0 });
    const [next, , last] = standings(await store.poll(room, ids.slice(1)));
    expect([next, last].map((one) => one?.state === "waiting" && one.waitMs)).to.deep.equal([1, 3]);
    expect(await store.admit(room, PLENTY)).to.include({ admitted: 1, waiting: 2 });
  });
});
