import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type {
  WaitingRoomEntry,
  WaitingRoomService,
} from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import type { Place, Visitor, WaitingRooms } from "../app/waiting-rooms.ts";
import { callerId } from "./caller.ts";
import { EntryFailures, type OnEntryFailure } from "./entry-failure.ts";
import { checkBatch, parseVisitor, uuid } from "./parse.ts";
import { drawMessage, placeMessage } from "./place-message.ts";

/** What the service needs. */
export interface WaitingRoomApp {
  waitingRooms: WaitingRooms;
  onEntryFailure: OnEntryFailure;
}

/** Translates between messages and the application; decides nothing. */
export function waitingRoomService(app: WaitingRoomApp): ServiceImpl<typeof WaitingRoomService> {
  const { waitingRooms } = app;
  return {
    async batchJoinWaitingRooms({ entries }, context) {
      const places = await serveEach(entries, (visitors) => waitingRooms.join(visitors));
      const outcomes = outcomesOf(app, entries, places, context);
      const results = outcomes.map((outcome, index) => {
        const place = places[index];
        return { outcome, created: !(place instanceof Error) && place?.isNew === true };
      });
      return { results };
    },
    async batchPollPlaces({ entries }, context) {
      const places = await serveEach(entries, (visitors) => waitingRooms.poll(visitors));
      const outcomes = outcomesOf(app, entries, places, context);
      return { results: outcomes.map((outcome) => ({ outcome })) };
    },
    async leaveWaitingRoom({ eventId }, context) {
      await waitingRooms.leave(parseVisitor({ userId: callerId(context), eventId }));
      return {};
    },
    async getDraw({ eventId }) {
      const draw = await waitingRooms.draw(uuid("event_id", eventId));
      return { draw: drawMessage(eventId, draw) };
    },
    async getDrawNumber({ eventId }, context) {
      const visitor = parseVisitor({ userId: callerId(context), eventId });
      return { drawNumber: BigInt(await waitingRooms.drawNumber(visitor)) };
    },
  };
}

/** Serves the entries that are well-formed together; the others get what is wrong with them. */
async function serveEach(
  entries: readonly WaitingRoomEntry[],
  serve: (visitors: readonly Visitor[]) => Promise<(Place | Error)[]>,
): Promise<(Place | Error)[]> {
  checkBatch(entries);
  const answers = new Array<Place | Error>(entries.length);
  const visitors: Visitor[] = [];
  const indexes: number[] = [];
  for (const [index, entry] of entries.entries()) {
    try {
      visitors.push(parseVisitor(entry));
      indexes.push(index);
    } catch (reason) {
      answers[index] = reason as Error;
    }
  }
  for (const [nth, place] of (await serve(visitors)).entries()) {
    answers[indexes[nth] ?? 0] = place;
  }
  return answers;
}

function outcomesOf(
  app: WaitingRoomApp,
  entries: readonly WaitingRoomEntry[],
  places: readonly (Place | Error)[],
  context: HandlerContext,
) {
  const failures = new EntryFailures();
  const outcomes = entries.map((entry, index) => {
    const place = places[index] ?? new Error("the waiting rooms answered too few entries");
    return place instanceof Error
      ? failures.outcomeOf(place, entry)
      : { case: "place" as const, value: placeMessage(place) };
  });
  failures.tell(context, app.onEntryFailure);
  return outcomes;
}
