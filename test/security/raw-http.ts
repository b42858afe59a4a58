import { once } from "node:events";
import { connect, type Socket } from "node:net";

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
  const timer = setTimeout(
    () => socket.destroy(new Error("the server did not close the connection")),
    PATIENCE_MS,
  );
  let failure: Error | undefined;
  socket.on("error", (error) => {
    failure = error;
  });
  await once(socket, "close");
  clearTimeout(timer);
  if (failure?.message.startsWith("the server")) {
    throw failure;
  }
  return Buffer.concat(chunks).toString("latin1");
}

/** The statuses of the answers in what a server sent. */
export function statusesIn(answered: string): number[] {
  return [...answered.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
