import { once } from "node:events";
import { type AddressInfo, createServer, connect as dial, type Socket } from "node:net";
import { Lifecycle } from "@tessera/service-kit/lifecycle";
import { useOwnRedis } from "@tessera/testkit/processes";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { Random } from "../../test/prove/random.ts";
import { TcpLink } from "../../test/prove/world/tcp-link.ts";
import { connectRedis } from "../src/redis/connect.ts";
import { openRedis } from "../src/redis/open-redis.ts";

describe("Redis behind a proxy", () => {
  const own = useOwnRedis();

  // A proxy takes a connection before it knows whether there is anybody to give it to.
  it("may be away, and a subscriber that is let in for nothing only tries again", async () => {
    const sockets = new Set<Socket>();
    let isThere = true;
    const proxy = createServer((client) => {
      sockets.add(client);
      client.on("error", () => undefined);
      if (!isThere) {
        client.destroy();
        return;
      }
      const target = dial(Number(new URL(own.server.url).port), "127.0.0.1");
      target.on("error", () => client.destroy());
      client.pipe(target).pipe(client);
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const url = new URL(own.server.url);
    url.port = String((proxy.address() as AddressInfo).port);
    const redis = connectRedis(url.href, { timeoutMs: 500 });
    try {
      await until("Redis is there", () => redis.status === "ready");
      await redis.subscribe("news");
      isThere = false;
      for (const socket of sockets) {
        socket.destroy();
      }
      let tries = 0;
      redis.on("close", () => {
        tries += 1;
      });
      await until("it tries again", () => tries > 3);
      isThere = true;
      await until("Redis is back", () => redis.status === "ready");
      expect(await redis.subscribe("news")).to.equal(1);
    } finally {
      redis.disconnect();
      proxy.close();
    }
  });

  // As when its host vanishes and its name leads to another one: nothing ends what was connected.
  it("is reached anew when all that was connected has fallen silent, subscribers too", async () => {
    const { port } = new URL(own.server.url);
    const link = await TcpLink.open({ targets: () => [Number(port)], random: new Random(1) });
    const lifecycle = new Lifecycle();
    try {
      const url = new URL(own.server.url);
      url.host = link.address;
      const redis = openRedis(
        {
          ...{ redisUrl: url.href, lockUrls: [url.href] },
          ...{ redisTimeoutMs: 250, roomTimeoutMs: 250 },
        },
        lifecycle,
        { locks: () => undefined, rooms: () => undefined },
      );
      // The relay's connection is as the others, and takes its time.
      const all = [redis.main, redis.subscriber, redis.rooms.redis];
      const answered = async () => {
        const pings = await Promise.allSettled(all.map((one) => one.ping()));
        return pings.filter(({ status }) => status === "fulfilled").length;
      };
      await until("all are connected", async () => (await answered()) === 3);
      await redis.subscriber.subscribe("news");
      link.impair({ kind: "strand" });
      expect(await answered()).to.equal(0);
      await until("all are connected again", async () => (await answered()) === 3);
    } finally {
      await lifecycle.close();
      await link.close();
    }
  });
});
