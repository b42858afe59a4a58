import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { redisUrl } from "@tessera/testkit/redis";

/** A way to Redis that can be blocked without being closed. */
export interface RedisProxy {
  url: string;
  /** Keeps all connections, and lets nothing through; those made later are well. */
  pause: () => void;
  close: () => void;
}

/** Opens a way to the tests' Redis. */
export async function proxyToRedis(onPort = 0): Promise<RedisProxy> {
  const target = new URL(redisUrl());
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    sockets.push(client, upstream);
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        upstream.destroy();
      });
    }
  }).listen(onPort, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const pause = () => {
    for (const socket of sockets) {
      socket.unpipe();
      socket.pause();
    }
  };
  const close = () => {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  };
  const url = new URL(target);
  url.host = `127.0.0.1:${port}`;
  return { url: url.href, pause, close };
}
