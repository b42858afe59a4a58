import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { until } from "@tessera/testkit/until";

/** A server that has not closed a connection by then never will, in milliseconds. */
const PATIENCE_MS = 20_000;

/** Connects to a port of this machine. */
export async function openSocket(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  // A server that hangs up on an attack may reset the connection.
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/**
 * Sends bytes as they are; resolves to all that was answered when the server has closed the
 * connection. Rejects when it does not.
 */
export async function sendRaw(port: number, ...chunks: (string | Buffer)[]): Promise<string> {
  const socket = await openSocket(port);
  const answered = readAll(socket);
  for (const chunk of chunks) {
    socket.write(typeof chunk === "string" ? Buffer.from(chunk, "latin1") : chunk);
  }
  return await answered;
}

/** All that the server sends until it closes the connection. */
export async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  // Half closed by the server is closed: nobody waits for us.
  socket.on("end", () => socket.destroy());
  try {
    await untilClosed(socket);
  } finally {
    socket.destroy();
  }
  return Buffer.concat(chunks).toString("latin1");
}

/**
 * Waits until a connection has ended, by a reset too: which of the two an attacker sees depends on
 * what was still on its way. Rejects when the connection goes on.
 */
export async function untilClosed(socket: Socket, patienceMs = PATIENCE_MS): Promise<void> {
  await until("the server closes the connection", () => socket.closed, { patienceMs });
}

/** The statuses of the answers in what a server sent. */
export function statusesIn(answered: string): number[] {
  return [...answered.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
