import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { EntryErrorSchema } from "@tessera/proto/common/v1/entry_error_pb";
import { type EventSchema, WaitingRoom_OnStoreLoss } from "@tessera/proto/inventory/v1/event_pb";
import {
  type AllocateResult,
  AllocateResultSchema,
  Allocation_State,
  type AllocationSchema,
  type BatchAllocateResponseSchema,
  type StockLevelsSchema,
} from "@tessera/proto/inventory/v1/inventory_service_pb";
import type {
  TicketTypeAvailabilitySchema,
  TicketTypeSchema,
} from "@tessera/proto/inventory/v1/ticket_type_pb";
import { REASONS } from "@tessera/proto/reasons";
import type { AllocateAnswer } from "../app/batch-allocate.ts";
import type { StockLevels } from "../app/ledger.ts";
import type { Grant } from "../domain/decide.ts";
import type { Refusal } from "../domain/errors.ts";
import type { Event, TicketType } from "../domain/event.ts";
import type { Allocation, AllocationState, StockLine } from "../domain/ledger.ts";

export function toEvent(event: Event): MessageInitShape<typeof EventSchema> {
  const { id, name, venue, holdSeconds, maxPerUser, organiserId, waitingRoom } = event;
  return {
    ...{ id, name, venue, holdSeconds, maxPerUser, organiserId },
    startTime: timestampFromDate(event.startTime),
    salesOpenTime: timestampFromDate(event.salesOpenTime),
    salesCloseTime: timestampFromDate(event.salesCloseTime),
    createTime: timestampFromDate(event.createTime),
    ticketTypes: event.ticketTypes.map((type) => toTicketType(type, event.currency)),
    ...(waitingRoom === undefined
      ? {}
      : {
          waitingRoom: {
            ...waitingRoom,
            onStoreLoss:
              waitingRoom.onStoreLoss === "open"
                ? WaitingRoom_OnStoreLoss.OPEN
                : WaitingRoom_OnStoreLoss.CLOSED,
          },
        }),
  };
}

export function toTicketType(
  { priceMinor, ...type }: TicketType,
  currencyCode: string,
): MessageInitShape<typeof TicketTypeSchema> {
  return { ...type, price: { amountMinor: BigInt(priceMinor), currencyCode } };
}

/** States as messages name them. */
const STATES: Readonly<Record<AllocationState, Allocation_State>> = {
  HELD: Allocation_State.HELD,
  COMMITTED: Allocation_State.COMMITTED,
  RELEASED: Allocation_State.RELEASED,
  VOIDED: Allocation_State.VOIDED,
};

export function toAllocation(allocation: Allocation): MessageInitShape<typeof AllocationSchema> {
  const { id: allocationId, eventId, userId, state, expireTime } = allocation;
  return {
    ...{ allocationId, eventId, userId },
    state: STATES[state],
    expireTime: timestampFromDate(expireTime),
  };
}

export function toStockLevels(stock: StockLevels): MessageInitShape<typeof StockLevelsSchema> {
  const { eventId, version, lines } = stock;
  return { eventId, version, ticketTypes: lines.map(toAvailability) };
}

export function toAvailability(
  line: StockLine,
): MessageInitShape<typeof TicketTypeAvailabilitySchema> {
  const { ticketTypeId, capacity, available, held, sold } = line;
  return { ticketTypeId, capacity, available, held, sold };
}

export function toRefusal(refusal: Refusal): MessageInitShape<typeof EntryErrorSchema> {
  const { reason, message, metadata } = refusal;
  return { code: REASONS[reason].code, reason, message, metadata: { ...metadata } };
}

export function toAllocateResponse({
  answers,
  granted,
}: AllocateAnswer): MessageInitShape<typeof BatchAllocateResponseSchema> {
  return {
    results: toAllocateResults(answers, granted?.currency ?? ""),
    ...(granted === undefined
      ? {}
      : {
          allocateTime: timestampFromDate(granted.allocateTime),
          expireTime: timestampFromDate(granted.expireTime),
          stock: toStockLevels(granted.stock),
        }),
  };
}

/**
 * Makes the results of one batch. Most buyers of a batch want the same, so equal new grants share
 * one message: building messages is most of what a batch costs this process.
 */
function toAllocateResults(
  answers: readonly (Grant | Refusal)[],
  currencyCode: string,
): AllocateResult[] {
  const byTotal = new Map<number, AllocateResult>();
  return answers.map((answer) => {
    if ("reason" in answer) {
      return create(AllocateResultSchema, {
        outcome: { case: "error", value: toRefusal(answer) },
      });
    }
    const { allocation, replayed } = answer;
    const shared = replayed ? undefined : byTotal.get(allocation.totalMinor);
    if (shared !== undefined) {
      return shared;
    }
    const result = create(AllocateResultSchema, {
      outcome: {
        case: "grant",
        value: {
          total: { amountMinor: BigInt(allocation.totalMinor), currencyCode },
          replayed,
          ...(replayed
            ? {
                allocateTime: timestampFromDate(allocation.createTime),
                expireTime: timestampFromDate(allocation.firstExpireTime),
              }
            : {}),
        },
      },
    });
    if (!replayed) {
      byTotal.set(allocation.totalMinor, result);
    }
    return result;
  });
}
