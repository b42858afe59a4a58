import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { ReservationService } from "@tessera/proto/reservation/v1/reservation_service_pb";
import { givenRequestId } from "@tessera/service-kit/request-id";
import { type CancelDeps, cancelReservation } from "../app/cancel-reservation.ts";
import type { ConfirmReservation } from "../app/confirm-reservation.ts";
import type { CreateReservation } from "../app/create-reservation.ts";
import { type ExtendDeps, extendReservation } from "../app/extend-reservation.ts";
import { getReservation, type ListDeps, listReservations } from "../app/read-reservations.ts";
import { callerId } from "./caller.ts";
import { EntryFailures, type EntrySubject, type OnEntryFailure } from "./entry-failure.ts";
import { checkBatch, PAGES_MAX, parseChange, parseConfirm, parseCreate, uuid } from "./parse.ts";
import { toMessage } from "./to-message.ts";

/** What the service needs. */
export interface App extends ExtendDeps, ListDeps {
  createReservation: CreateReservation;
  confirmReservation: ConfirmReservation;
  cancel: CancelDeps;
  /** The deadline of calls that state none, in milliseconds. */
  defaultTimeoutMs: number;
  /** Told each answer to a wish to reserve: `reserved`, `replayed` or the reason. */
  onReserve: (outcome: string) => void;
  onEntryFailure: OnEntryFailure;
}

/** Kept back for the way home. */
const ANSWER_MARGIN_MS = 20;

/** Translates between messages and the application; decides nothing. */
export function reservationService(app: App): ServiceImpl<typeof ReservationService> {
  return {
    ...batches(app),
    async cancelReservation(request, context) {
      const wish = parseChange(callerId(context), request);
      const deadline = deadlineOf(app, context);
      const { reservation, isReplay } = await cancelReservation(app.cancel, wish, deadline);
      return { reservation: toMessage(reservation), replayed: isReplay };
    },
    async extendReservation(request, context) {
      const wish = parseChange(callerId(context), request);
      const headers = context.requestHeader;
      const deadline = deadlineOf(app, context);
      const call = {
        timeoutMs: timeLeft(app, context),
        requestId: givenRequestId(headers.get("x-request-id")),
        traceparent: headers.get("traceparent") ?? undefined,
      };
      const { reservation, now, isReplay } = await extendReservation(app, wish, call, deadline);
      return {
        reservation: toMessage(reservation),
        replayed: isReplay,
        serverTime: timestampFromDate(now),
      };
    },
    getReservation: async ({ reservationId }, context) =>
      await found(app, { userId: callerId(context), reservationId }, deadlineOf(app, context)),
    listReservations: async (request, context) =>
      await page(app, { ...request, userId: callerId(context) }, deadlineOf(app, context)),
  };
}

type Batches = Pick<
  ServiceImpl<typeof ReservationService>,
  | "batchCreateReservations"
  | "batchConfirmReservations"
  | "batchGetReservations"
  | "batchListReservations"
>;

function batches(app: App): Batches {
  return {
    async batchCreateReservations({ entries }, context) {
      checkBatch(entries);
      const deadline = deadlineOf(app, context);
      const answer = await each(app, context, entries, async (entry) => {
        const wish = parseCreate(entry);
        const { reservation, isReplay } = await app.createReservation.create(wish, deadline);
        return {
          outcome: { case: "reservation" as const, value: toMessage(reservation) },
          replayed: isReplay,
        };
      });
      for (const result of answer.results) {
        const granted = "replayed" in result && result.replayed ? "replayed" : "reserved";
        const { outcome } = result;
        app.onReserve(outcome.case === "error" ? outcome.value.reason : granted);
      }
      return answer;
    },
    async batchConfirmReservations({ entries }, context) {
      checkBatch(entries);
      const deadline = deadlineOf(app, context);
      return await each(app, context, entries, async (entry) => {
        const request = parseConfirm(entry);
        const { reservation, isReplay } = await app.confirmReservation.confirm(request, deadline);
        return {
          outcome: { case: "reservation" as const, value: toMessage(reservation) },
          reacquired: reservation.isReacquired,
          replayed: isReplay,
        };
      });
    },
    async batchGetReservations({ entries }, context) {
      checkBatch(entries);
      const deadline = deadlineOf(app, context);
      return await each(app, context, entries, async ({ userId, reservationId }) => {
        const query = { userId: uuid("user_id", userId), reservationId };
        return { outcome: { case: "found" as const, value: await found(app, query, deadline) } };
      });
    },
    async batchListReservations({ entries }, context) {
      checkBatch(entries, PAGES_MAX);
      const deadline = deadlineOf(app, context);
      return await each(app, context, entries, async (entry) => {
        const query = { ...entry, userId: uuid("user_id", entry.userId) };
        return { outcome: { case: "page" as const, value: await page(app, query, deadline) } };
      });
    },
  };
}

/** Each entry's own answer, or its failure. */
async function each<Entry extends EntrySubject, Result>(
  app: App,
  context: HandlerContext,
  entries: readonly Entry[],
  answer: (entry: Entry) => Promise<Result>,
) {
  const failures = new EntryFailures();
  const answers = entries.map(async (entry) => {
    try {
      return await answer(entry);
    } catch (reason) {
      return { outcome: failures.outcomeOf(reason, entry) };
    }
  });
  const results = await Promise.all(answers);
  failures.tell(context, app.onEntryFailure);
  return { results };
}

async function found(app: App, query: Parameters<typeof getReservation>[1], deadline: number) {
  uuid("reservation_id", query.reservationId);
  const { reservation, now } = await getReservation(app.finder, query, deadline);
  return { reservation: toMessage(reservation), serverTime: timestampFromDate(now) };
}

async function page(app: App, query: Parameters<typeof listReservations>[1], deadline: number) {
  const { reservations, nextPageToken, now } = await listReservations(app, query, deadline);
  return {
    reservations: reservations.map(toMessage),
    nextPageToken,
    ...(now === undefined ? {} : { serverTime: timestampFromDate(now) }),
  };
}

/** How long a call may still take, in milliseconds. */
function timeLeft(app: App, context: HandlerContext): number {
  return Math.max(1, (context.timeoutMs() ?? app.defaultTimeoutMs) - ANSWER_MARGIN_MS);
}

/** When a call's time is over, in the time of performance.now(). */
function deadlineOf(app: App, context: HandlerContext): number {
  return performance.now() + timeLeft(app, context);
}
