import type { LoadUser } from "../tools/load-users.ts";
import type { LocalSystem } from "../tools/local/system.ts";
import { run } from "./load.ts";
import type { Target } from "./targets.ts";
import { createEvents } from "./tessera.ts";

/** Nobody is let in while a load runs, so that all of them wait. */
const ROOM = { admitPerMinute: 1, maxActive: 1, passSeconds: 600, onStoreLoss: "closed" } as const;

/** How many events a load of joins has: each user joins each of them once. */
const JOIN_EVENTS = 40;

/** Everybody joins one event's waiting room, then the next one's. */
export async function joining(
  system: LocalSystem,
  users: readonly LoadUser[],
): Promise<{ target: Target; requests: number }> {
  const events = await createEvents(system, JOIN_EVENTS, { capacity: 10, waitingRoom: ROOM });
  const request = (index: number) => {
    const event = events[Math.floor(index / users.length)];
    return queueCall("POST", event?.id ?? "", users[index % users.length]);
  };
  return { target: { port: system.ports.bff, request }, requests: events.length * users.length };
}

/** Everybody stands in one waiting room, and polls in turn. */
export async function polling(
  system: LocalSystem,
  users: readonly LoadUser[],
): Promise<{ target: Target }> {
  const [event] = await createEvents(system, 1, { capacity: 10, waitingRoom: ROOM });
  const call = (method: "GET" | "POST") => (index: number) =>
    queueCall(method, event?.id ?? "", users[index % users.length]);
  const port = system.ports.bff;
  await run({ port, request: call("POST"), connections: 64, requests: users.length });
  return { target: { port, request: call("GET") } };
}

function queueCall(method: "GET" | "POST", eventId: string, user: LoadUser | undefined): string {
  const length = method === "POST" ? "Content-Length: 0\r\n" : "";
  return (
    `${method} /v1/events/${eventId}/queue HTTP/1.1\r\nHost: localhost\r\n` +
    `Authorization: Bearer ${user?.accessToken}\r\n${length}\r\n`
  );
}
