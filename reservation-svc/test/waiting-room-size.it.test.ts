import { readFileSync } from "node:fs";
import { expect } from "chai";
import type { RedisWaitingRoomStore } from "../src/redis/redis-waiting-room-store.ts";
import {
  hoursFromNow,
  IN_STOCK,
  openRoom,
  people,
  standings,
  useWaitingRoomStores,
} from "./use-waiting-room.ts";

const ROOM_LUA = readFileSync(new URL("../src/redis/scripts/room.lua", import.meta.url), "utf8");

describe("a waiting room with a crowd in it", () => {
  const stores = useWaitingRoomStores();
  let store: RedisWaitingRoomStore;
  before(async () => {
    store = await stores.newStore();
  });

  const usedMemory = async () => {
    const info = await stores.redis().info("memory");
    return Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
  };

  for (const [kind, openTime] of [
    ["who waits for the draw", hoursFromNow(0.5)],
    ["who came after the opening", hoursFromNow(-0.5)],
  ] as const) {
    it(`takes less than 300 bytes for a person ${kind}`, async () => {
      const crowd = 40_000;
      // What the one before took has to be free: Valkey frees it later unless told otherwise.
      await stores.redis().flushall("SYNC");
      await store.join({ ...openRoom(), openTime }, people(1), IN_STOCK);
      const before = await usedMemory();
      const room = { ...openRoom(), openTime };
      await store.join(room, people(crowd), IN_STOCK);
      const bytes = ((await usedMemory()) - before) / crowd;
      expect(await stores.sizes(room)).to.include({ line: crowd, places: crowd });
      expect(bytes).to.be.within(100, 300);
    });
  }

  // The sum is made by the script's own function, in Redis.
  for (const { crowd, perMinute } of [
    { crowd: 200_000, perMinute: 1_000 },
    { crowd: 200_000, perMinute: 60_000 },
    { crowd: 200_000, perMinute: 1_000_000 },
    { crowd: 20_000, perMinute: 1 },
    { crowd: 300_000, perMinute: 6_000 },
  ]) {
    it(`is asked a bounded number of times a second: ${crowd} people, ${perMinute} a minute`, async () => {
      const polls = 1_000;
      const sum = await pollsASecond({ crowd, perMinute, polls });
      const rate = Math.min(perMinute / 60, polls / 4);
      const bound = 1.02 * polls + rate * (2 + Math.log(crowd / polls));
      expect(sum).to.be.within(0.5 * Math.min(polls, crowd), 1.02 * bound);
    });
  }

  it("is asked a bounded number of times a second before the opening, and when it comes", async () => {
    const crowd = 200_000;
    const polls = 1_000;
    const untilOpenMs = 3_600_000;
    const sum = await pollsASecond({ crowd, perMinute: 1_000, polls, untilOpenMs });
    expect(sum).to.be.at.most(1.03 * polls);
    // The last polls before the opening lead to some after it, over as long a time.
    const intervals = await intervalsOf({ crowd, perMinute: 1_000, polls, untilOpenMs: 10_000 });
    expect(Math.min(...intervals)).to.be.at.least(10_000);
    expect(Math.max(...intervals)).to.be.within(190_000, 211_000);
    const far = intervals.slice(4_200);
    const early = far.filter((ms) => ms < 110_000).length;
    expect(early / far.length).to.be.within(0.4, 0.6);
    // Who is drawn to the head asks when it is their turn: the hundredth after six seconds.
    expect(Math.max(...intervals.slice(0, 100))).to.be.at.most(10_000 + 7_200);
  });

  it("asks everybody within 1 second to 5 minutes, those at the head about when it is their turn", async () => {
    const far = await intervalsOf({ crowd: 2_000_000, perMinute: 1_000, polls: 1_000 });
    expect(Math.max(...far)).to.equal(300_000);
    expect(Math.min(...far)).to.equal(1_000);
    // The hundredth waits for six seconds, and the jitter is a fifth.
    expect(far[99]).to.be.within(4_800, 7_200);
    const few = standings(await store.join(openRoom(), people(3), IN_STOCK));
    expect(few.map((one) => one.state === "waiting" && one.pollAfterMs)).to.deep.equal([
      1_000, 1_000, 1_000,
    ]);
  });

  interface Crowd {
    crowd: number;
    perMinute: number;
    polls: number;
    untilOpenMs?: number;
  }

  /** Runs Lua after room.lua, for a room that holds `crowd` people and opens by Redis's clock. */
  function evaluate(code: string, { crowd, perMinute, polls, untilOpenMs = -1 }: Crowd) {
    const keys = ["room", "line", "returned", "active", "places"].map((name) => `none:${name}`);
    const args = [untilOpenMs, Date.now() + 1e9, perMinute, 1, 1, polls, 1e9, crowd];
    const setting = "OPEN = now + tonumber(ARGV[1])\nwaiting = tonumber(ARGV[8])";
    return stores.redis().eval(`${ROOM_LUA}\n${setting}\n${code}`, 5, ...keys, ...args);
  }

  async function pollsASecond(crowd: Crowd): Promise<number> {
    const code = `
      local sum = 0
      for position = 1, waiting do
        sum = sum + 1000 / pollAfter(position)
      end
      return string.format("%.3f", sum)`;
    return Number(await evaluate(code, crowd));
  }

  /** Of the first 5,000. */
  async function intervalsOf(crowd: Crowd): Promise<number[]> {
    const code = `
      local all = {}
      for position = 1, 5000 do
        all[position] = pollAfter(position)
      end
      return all`;
    return (await evaluate(code, crowd)) as number[];
  }
});
