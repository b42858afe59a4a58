import { randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { readIfThere } from "./read-if-there.ts";

/** True when nothing listens on the port; without a host, on any interface. */
export async function isPortFree(port: number, host?: string): Promise<boolean> {
  const server = createServer();
  return await new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "EADDRINUSE" || cause.code === "EACCES") {
        resolve(false);
      } else {
        reject(cause);
      }
    });
    server.listen(host === undefined ? { port } : { port, host }, () => {
      server.close(() => resolve(true));
    });
  });
}

/**
 * Where free ports are looked for: below those that systems give to outgoing connections, one of
 * which might take the port before a server listens on it.
 */
const FREE_PORTS = { least: 10_240, most: 32_767 };
/** How many ports are tried. */
const FREE_PORT_TRIES = 200;

/** A port that nothing listens on now, on any interface. */
export async function freePort(): Promise<number> {
  const { least, most } = FREE_PORTS;
  for (let count = 0; count < FREE_PORT_TRIES; count += 1) {
    const port = randomInt(least, most + 1);
    if ((await isPortFree(port)) && (await isPortFree(port, "127.0.0.1"))) {
      return port;
    }
  }
  throw new Error("this machine has no free port left");
}

/**
 * A free port that stays the same: the one that `file` remembers when it is free, else another,
 * remembered from now on.
 */
export async function rememberedPort(file: string): Promise<number> {
  const remembered = Number(readIfThere(file));
  if (remembered > 0 && (await isPortFree(remembered, "127.0.0.1"))) {
    return remembered;
  }
  const port = await freePort();
  writeFileSync(file, String(port));
  return port;
}
