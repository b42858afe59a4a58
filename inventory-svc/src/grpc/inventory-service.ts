import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type {
  BatchAllocateRequest,
  InventoryService,
} from "@tessera/proto/inventory/v1/inventory_service_pb";
import { toEntryError } from "@tessera/service-kit/entry-error";
import { tellPartFailures } from "@tessera/service-kit/part-failures";
import { givenRequestId } from "@tessera/service-kit/request-id";
import { batchAllocate } from "../app/batch-allocate.ts";
import { batchCommit } from "../app/batch-commit.ts";
import { batchGetAvailability, batchGetEvents } from "../app/batch-get.ts";
import { batchRelease } from "../app/batch-release.ts";
import type { BatchDeps, FailedEvent } from "../app/by-event.ts";
import { type Call, inTime } from "../app/call.ts";
import { createEvent } from "../app/create-event.ts";
import type { EventStore } from "../app/event-store.ts";
import { extendAllocation } from "../app/extend-allocation.ts";
import { getAvailability } from "../app/get-availability.ts";
import { getEvent } from "../app/get-event.ts";
import { listEvents } from "../app/list-events.ts";
import { updateEvent } from "../app/update-event.ts";
import { updateTicketType } from "../app/update-ticket-type.ts";
import {
  checkBatches,
  parseBatchAllocate,
  parseCommitEntries,
  parseReleaseEntries,
} from "./parse-batch.ts";
import { parseCreateEvent } from "./parse-create-event.ts";
import { parseTime, parseUuid, parseUuids } from "./parse-fields.ts";
import { parseListEvents } from "./parse-list-events.ts";
import { parseUpdateEvent } from "./parse-update-event.ts";
import { parseUpdateTicketType } from "./parse-update-ticket-type.ts";
import {
  toAllocateResponse,
  toAllocation,
  toAvailability,
  toEvent,
  toRefusal,
  toStockLevels,
  toTicketType,
} from "./to-message.ts";

/** Events in one answer: at their largest they fit into a message of 4 MiB. */
const EVENTS_MAX = 100;

/** What the service needs. */
export interface InventoryDeps extends BatchDeps {
  events: EventStore;
}

/** Translates between messages and the application; decides nothing. */
export function inventoryService(deps: InventoryDeps): ServiceImpl<typeof InventoryService> {
  const { events } = deps;
  return {
    async createEvent(request) {
      const { requestId, draft } = parseCreateEvent(request);
      const { event, replayed } = await createEvent(events, requestId, draft);
      return { event: toEvent(event), replayed };
    },
    async updateEvent(request, { signal }) {
      const { event, replayed } = await updateEvent(deps, parseUpdateEvent(request), signal);
      return { event: toEvent(event), replayed };
    },
    async updateTicketType(request, { signal }) {
      const updated = await updateTicketType(deps, parseUpdateTicketType(request), signal);
      const { event, ticketType, line, replayed } = updated;
      const availability = toAvailability(line);
      return { ticketType: toTicketType(ticketType, event.currency), availability, replayed };
    },
    async getEvent(request) {
      const eventId = parseUuid("event_id", request.eventId);
      return { event: toEvent(await getEvent(events, eventId)) };
    },
    async batchGetEvents(request) {
      const ids = parseUuids("event_ids", request.eventIds, EVENTS_MAX);
      return { events: (await batchGetEvents(events, ids)).map(toEvent) };
    },
    async listEvents(request, context) {
      const page = await listEvents(events, parseListEvents(request), callOf(context));
      return { events: page.events.map(toEvent), nextPageToken: page.nextPageToken };
    },
    async getAvailability(request) {
      const eventId = parseUuid("event_id", request.eventId);
      const stock = await getAvailability(events, eventId);
      return { eventId, ticketTypes: stock.map(toAvailability) };
    },
    async batchGetAvailability(request) {
      const found = await batchGetAvailability(events, parseUuids("event_ids", request.eventIds));
      const availabilities = found.map(({ eventId, stock }) => {
        return { eventId, ticketTypes: stock.map(toAvailability) };
      });
      return { availabilities };
    },
    ...ledgerMethods(deps),
  };
}

function callOf({ signal, timeoutMs, requestHeader }: HandlerContext): Call {
  const requestId = givenRequestId(requestHeader.get("x-request-id"));
  return { signal, timeoutMs: timeoutMs(), requestId };
}

type LedgerMethods =
  | "batchAllocate"
  | "batchAllocateAcrossEvents"
  | "batchGetAllocations"
  | "batchCommit"
  | "batchRelease"
  | "extendAllocation";

function ledgerMethods(
  deps: InventoryDeps,
): Pick<ServiceImpl<typeof InventoryService>, LedgerMethods> {
  return {
    async batchAllocate(request, { signal }) {
      return toAllocateResponse(await batchAllocate(deps, parseBatchAllocate(request), signal));
    },
    async batchAllocateAcrossEvents({ batches }, context) {
      checkBatches(batches);
      const call = callOf(context);
      const failures: { reason: unknown; part: FailedEvent }[] = [];
      const resultOf = async (batch: BatchAllocateRequest) => {
        try {
          const allocating = batchAllocate(deps, parseBatchAllocate(batch), call.signal);
          const answer = await inTime(call, allocating);
          return { outcome: { case: "response" as const, value: toAllocateResponse(answer) } };
        } catch (reason) {
          const part = { eventId: batch.eventId, requestId: call.requestId };
          failures.push({ reason, part });
          return { outcome: { case: "error" as const, value: toEntryError(reason) } };
        }
      };
      const results = await Promise.all(batches.map(resultOf));
      tellPartFailures(failures, deps.onEventFailure);
      return { results };
    },
    async batchGetAllocations({ allocationIds }) {
      const found = await deps.ledger.find(parseUuids("allocation_ids", allocationIds));
      return { allocations: found.map(toAllocation) };
    },
    async batchCommit(request, context) {
      const entries = parseCommitEntries(request.entries);
      const { answers, stocks } = await batchCommit(deps, entries, callOf(context));
      return {
        results: answers.map((answer) =>
          "reason" in answer
            ? { outcome: { case: "error", value: toRefusal(answer) } }
            : { outcome: { case: "grant", value: { reacquired: answer.reacquired } } },
        ),
        stocks: stocks.map(toStockLevels),
      };
    },
    async batchRelease(request, context) {
      const refs = parseReleaseEntries(request.entries);
      const options = { ...callOf(context), isPartial: request.returnPartialSuccess };
      const { releasedCount, stocks, unreachable } = await batchRelease(deps, refs, options);
      return { releasedCount, stocks: stocks.map(toStockLevels), unreachable };
    },
    async extendAllocation(request) {
      const allocationId = parseUuid("allocation_id", request.allocationId);
      const wish = parseTime("expire_time", request.expireTime);
      const expireTime = await extendAllocation(deps, allocationId, wish);
      return { expireTime: timestampFromDate(expireTime) };
    },
  };
}
