import { randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer, connect as openConnection } from "node:net";
import { readIfThere } from "./read-if-there.ts";

/** Why a port cannot be listened on: it is in use, or not for this user. */
type Refusal = "EADDRINUSE" | "EACCES";

/** Why the port cannot be listened on, if so; without a host, on every interface. */
export async function portRefusal(port: number, host?: string): Promise<Refusal | undefined> {
  const server = createServer();
  return await new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const { code } = cause;
      if (code === "EADDRINUSE" || code === "EACCES") {
        resolve(code);
      } else {
        reject(cause);
      }
    });
    server.listen(host === undefined ? { port } : { port, host }, () => {
      server.close(() => resolve(undefined));
    });
  });
}

/** How long a program on this machine may take to answer, in milliseconds. */
const ANSWER_MS = 1_000;

/**
 * True when a program of this machine answers on the port. A port can be in use although none does:
 * systems give the upper ones to outgoing connections, and keep each for a minute after its end.
 */
export async function isPortServed(port: number): Promise<boolean> {
  const socket = openConnection({ port, host: "localhost" });
  try {
    return await new Promise((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
      // Whoever takes no more connections for now is there, too.
      socket.setTimeout(ANSWER_MS, () => resolve(true));
    });
  } finally {
    socket.destroy();
  }
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
    const refusal = (await portRefusal(port)) ?? (await portRefusal(port, "127.0.0.1"));
    if (refusal === undefined) {
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
  if (remembered > 0 && (await portRefusal(remembered, "127.0.0.1")) === undefined) {
    return remembered;
  }
  const port = await freePort();
  writeFileSync(file, String(port));
  return port;
}
