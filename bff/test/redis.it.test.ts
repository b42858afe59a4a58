import { once } from "node:events";
import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import { Registry } from "prom-client";
import { connectRedis, watchRedis } from "../src/redis.ts";
import { proxyToRedis } from "./redis-proxy.ts";
import { memoryLogger } from "./use-app.ts";

describe("watchRedis()", () => {
  it("tells once that Redis is away and once that it is back, and not of a slow beginning", async () => {
    const { logger, lines } = memoryLogger();
    const registry = new Registry();
    const isAway = async () =>
      (await registry.getSingleMetric("tessera_redis_away")?.get())?.values[0]?.value;
    const closed = await proxyToRedis();
    closed.close();
    const redis = connectRedis(closed.url);
    const heartbeat = watchRedis(redis, { logger, registry });
    await once(redis, "error");
    const proxy = await proxyToRedis(Number(new URL(closed.url).port));
    try {
      await untilTrue(() => redis.status === "ready");
      await redis.ping();
      expect(lines).to.deep.equal([]);
      proxy.pause();
      await untilTrue(() => lines.length === 1);
      expect(lines[0]).to.include({ level: 40 });
      expect(lines[0]?.msg).to.match(/^redis is away/);
      // It was refused at the beginning, and has been there since.
      expect(JSON.stringify(lines[0])).not.to.contain("ECONNREFUSED");
      expect(await isAway()).to.equal(1);
      await untilTrue(() => lines.length === 2);
      expect(lines[1]).to.include({ level: 30, msg: "redis is back" });
      expect(await isAway()).to.equal(0);
    } finally {
      await heartbeat.stop();
      redis.disconnect();
      proxy.close();
    }
  });
});
