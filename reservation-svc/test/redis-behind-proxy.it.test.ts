import { once } from "node:events";
import { type AddressInfo, createServer, connect as dial, type Socket } from "node:net";
import { useOwnRedis } from "@tessera/testkit/processes";
import { expect } from "chai";
import { until } from "../../test/storm.ts";
import { connectRedis } from "../src/redis/connect.ts";

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
});
