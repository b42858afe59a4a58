import type { Place } from "@tessera/proto/reservation/v1/waiting_room_pb";
import { type EventStream, listen } from "@tessera/testkit/event-stream";
import { untilTrue } from "@tessera/testkit/until";
import { type AppOptions, type TestApp, useApp } from "./use-app.ts";

/**
 * An app, and somebody new who waits, for each test; what is open when it ends is closed.
 *
 * Call it inside `describe`; use it inside hooks and tests only.
 */
export function useFollower(options: AppOptions = {}) {
  const api = useApp(options);
  const opened: EventStream[] = [];
  const who = { eventId: "", userId: "" };
  let token = "";
  beforeEach(async () => {
    who.eventId = api.services.waitingRooms.open();
    who.userId = crypto.randomUUID();
    token = await api.token({ userId: who.userId });
    await api.ask("POST", pathOf(who), { token });
  });
  afterEach(async () => {
    api.services.before.clear();
    for (const stream of opened.splice(0)) {
      stream.close();
    }
    await untilTrue(async () => (await openStreams(api)) === 0);
  });
  const follow = async (as = token) => {
    const stream = await listen(`${api.url}${pathOf(who)}`, as);
    opened.push(stream);
    return stream;
  };
  const change = (to: Partial<Place>) => api.services.waitingRooms.change(who, to);
  return { api, who, follow, change, tokenOf: () => token };
}

/** The address of the place. */
export const pathOf = ({ eventId }: { eventId: string }) => `/v1/events/${eventId}/queue`;

/** How many streams the app has open. */
export async function openStreams(api: TestApp): Promise<number> {
  const [, count] = /tessera_place_streams (\d+)/.exec(await api.registry.metrics()) ?? [];
  return Number(count);
}

/** How many calls there were to poll places. */
export const pollsOf = (api: TestApp) => api.services.callsOf("batchPollPlaces").length;
