import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";

/** True when nothing listens on the port; without a host, on any interface. */
export async function isPortFree(port: number, host?: string): Promise<boolean> {
  return (await tryPort(port, host)) !== undefined;
}

/** A port of 127.0.0.1 that nothing listens on now. */
export async function freePort(): Promise<number> {
  const port = await tryPort(0, "127.0.0.1");
  if (port === undefined) {
    throw new Error("this machine has no free port left");
  }
  return port;
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

function tryPort(port: number, host: string | undefined): Promise<number | undefined> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "EADDRINUSE" || cause.code === "EACCES") {
        resolve(undefined);
      } else {
        reject(cause);
      }
    });
    server.listen(host === undefined ? { port } : { port, host }, () => {
      const { port: bound } = server.address() as AddressInfo;
      server.close(() => resolve(bound));
    });
  });
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
