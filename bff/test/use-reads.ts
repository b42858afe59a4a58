import type { Call } from "./memory-services.ts";
import { type Answered, type AppOptions, useApp } from "./use-app.ts";

/** An event on sale. */
export interface Shown {
  id: string;
  path: string;
  availability: string;
  /** How many are left from now on. */
  leave: (available: number) => void;
}

/** An app whose caches' clock is set by hand, and how to put events on sale. */
export function useReads(options: AppOptions = {}) {
  const clock = { now: 1_000_000 };
  const api = useApp({ ...options, now: () => clock.now });
  const createEvent = async (name = "Last Night"): Promise<Shown> => {
    const token = await api.token({ role: "organiser" });
    const { body } = await api.ask("POST", "/v1/events", {
      token,
      body: {
        name,
        venue: "Royal Albert Hall",
        startsAt: "2030-09-14T18:30:00Z",
        salesOpenAt: "2030-05-01T08:00:00Z",
        salesCloseAt: "2030-09-14T18:00:00Z",
        ticketTypes: [{ name: "Arena", price: { amount: 800, currency: "GBP" }, capacity: 10 }],
      },
    });
    const path = `/v1/events/${body.id}`;
    const leave = (available: number) =>
      void api.services.inventory.available.set(body.ticketTypes[0].id, available);
    return { id: body.id, path, availability: `${path}/availability`, leave };
  };
  const get = (path: string, headers = {}) => api.ask("GET", path, { headers });
  const leftAt = async ({ availability }: Shown) => {
    const { status, body } = await get(availability);
    return status === 200 ? body.ticketTypes[0].available : [status, body.code];
  };
  const callsOf = (method: string) => api.services.callsOf(method).length;
  const metric = async (name: string, ...labels: string[]) => {
    const line = (await api.registry.metrics())
      .split("\n")
      .find((text) => text.startsWith(`${name}{`) && labels.every((one) => text.includes(one)));
    return Number(line?.split(" ").at(-1) ?? 0);
  };
  beforeEach(() => void api.services.calls.splice(0));
  afterEach(() => api.services.before.clear());
  return { api, clock, createEvent, get, leftAt, callsOf, metric };
}

/** An answer in two words. */
export const summary = ({ status, body }: Answered) => [status, body.code];

/** What is read of single events: by which RPC, where, and what metrics call it. */
export const READS = [
  { method: "batchGetEvents", pathOf: ({ path }: Paths) => path, kind: '"event"' },
  {
    method: "batchGetAvailability",
    pathOf: ({ availability }: Paths) => availability,
    kind: '"availability"',
  },
] as const;

type Paths = Pick<Shown, "path" | "availability">;

/** The paths of an event that does not exist. */
export function unknownEvent(): Paths {
  const path = `/v1/events/${crypto.randomUUID()}`;
  return { path, availability: `${path}/availability` };
}

/** The events that an RPC asked for. */
export function eventIdsOf({ message }: Call): string[] {
  return (message as { eventIds: string[] }).eventIds;
}
