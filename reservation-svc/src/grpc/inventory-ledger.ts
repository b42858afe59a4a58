import { randomUUID } from "node:crypto";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { CallOptions, Client } from "@connectrpc/connect";
import {
  Allocation_State,
  type BatchAllocateResponse,
  type InventoryService,
  type StockLevels as StockMessage,
} from "@tessera/proto/inventory/v1/inventory_service_pb";
import { Batcher } from "@tessera/service-kit/batcher";
import { fromEntryError } from "@tessera/service-kit/entry-error";
import type { ServiceError } from "@tessera/service-kit/service-error";
import type {
  AllocateAnswer,
  AllocateBatch,
  Allocation,
  AllocationWish,
  Grant,
  Ledger,
  LedgerCall,
  StockLevels,
} from "../app/ledger.ts";
import type { Reservation } from "../domain/reservation.ts";
import { asServiceErrors, dateOf } from "./from-inventory.ts";

/** What one event's combiner asks for. */
interface AllocateCall {
  batch: AllocateBatch;
  call: LedgerCall;
  /** performance.now() after which nobody waits for the answer. */
  deadline: number;
}

/** Calls that allocate, at once: inventory-svc combines what comes at the same time. */
const CALLS_IN_FLIGHT = 4;
/** Batches that wait for a call: each event has one at most. */
const BATCHES_WAITING = 20_000;

/**
 * The ledger as inventory-svc serves it. Its refusals arrive as the ServiceErrors they were.
 *
 * Batches of several events that are ready at the same time share a call: with many events on
 * sale there would otherwise be a call for every few buyers.
 */
export class InventoryLedger implements Ledger {
  readonly #client: Client<typeof InventoryService>;
  readonly #allocator: Batcher<AllocateCall, AllocateAnswer>;

  /** `eventsPerCall` is 1 to 64; 1 while some inventory-svc cannot take several. */
  constructor(client: Client<typeof InventoryService>, options: { eventsPerCall: number }) {
    this.#client = client;
    this.#allocator = new Batcher({
      name: "the ledger's line",
      run: (calls) => this.#send(calls),
      maxBatch: options.eventsPerCall,
      maxInFlight: CALLS_IN_FLIGHT,
      maxQueue: BATCHES_WAITING,
    });
  }

  allocate(batch: AllocateBatch, call: LedgerCall): Promise<AllocateAnswer> {
    const { timeoutMs = Number.POSITIVE_INFINITY } = call;
    const deadline = performance.now() + timeoutMs;
    return this.#allocator.submit({ batch, call, deadline }, deadline);
  }

  async #send(calls: readonly AllocateCall[]): Promise<readonly (AllocateAnswer | Error)[]> {
    const [first] = calls;
    if (first === undefined) {
      return [];
    }
    // The most patient batch's: a hasty one must not fail its neighbours.
    const leftMs = Math.max(...calls.map(({ deadline }) => deadline)) - performance.now();
    const timeout = Number.isFinite(leftMs) ? { timeoutMs: Math.ceil(leftMs) } : {};
    if (calls.length === 1) {
      const options = optionsOf(named({ ...first.call, ...timeout }));
      const answer = this.#client.batchAllocate(toRequest(first.batch), options);
      return [toAnswer(await asServiceErrors(answer))];
    }
    const request = { batches: calls.map(({ batch }) => toRequest(batch)) };
    const call = named(timeout);
    const { results } = await asServiceErrors(
      this.#client.batchAllocateAcrossEvents(request, optionsOf(call)),
    );
    return results.map(({ outcome }) => {
      switch (outcome.case) {
        case "response":
          return toAnswer(outcome.value);
        case "error":
          return fromEntryError(outcome.value, partOf("BatchAllocateAcrossEvents", call));
        default:
          throw new Error("inventory-svc left a batch without an outcome");
      }
    });
  }

  async find(ids: readonly string[], call: LedgerCall): Promise<ReadonlyMap<string, Allocation>> {
    const request = { allocationIds: [...ids] };
    const { allocations } = await asServiceErrors(
      this.#client.batchGetAllocations(request, optionsOf(named(call))),
    );
    return new Map(
      allocations.map(({ allocationId, state }) => [
        allocationId,
        { hasUnits: state === Allocation_State.HELD || state === Allocation_State.COMMITTED },
      ]),
    );
  }

  async commit(
    reservations: readonly Reservation[],
    options: LedgerCall,
  ): Promise<{ answers: ({ isReacquired: boolean } | ServiceError)[]; stocks: StockLevels[] }> {
    const call = named(options);
    const entries = reservations.map(({ id, eventId }) => ({ allocationId: id, eventId }));
    const response = await asServiceErrors(this.#client.batchCommit({ entries }, optionsOf(call)));
    const answers = response.results.map(({ outcome }) => {
      if (outcome.case === "error") {
        return fromEntryError(outcome.value, partOf("BatchCommit", call));
      }
      return { isReacquired: outcome.value?.reacquired ?? false };
    });
    return { answers, stocks: response.stocks.map(toLevels) };
  }

  async release(
    reservations: readonly Reservation[],
    call: LedgerCall,
  ): Promise<{ stocks: StockLevels[]; unreachable: ReadonlySet<string> }> {
    const entries = reservations.map(({ id, eventId, state }) => ({
      allocationId: id,
      eventId,
      isFinal: state === "cancelled",
    }));
    const request = { entries, returnPartialSuccess: true };
    const response = await asServiceErrors(
      this.#client.batchRelease(request, optionsOf(named(call))),
    );
    return {
      stocks: response.stocks.map(toLevels),
      unreachable: new Set(response.unreachable),
    };
  }

  async extend(allocationId: string, expireTime: Date, call: LedgerCall): Promise<void> {
    const request = { allocationId, expireTime: timestampFromDate(expireTime) };
    await asServiceErrors(this.#client.extendAllocation(request, optionsOf(named(call))));
  }
}

function toRequest({ eventId, token, wishes }: AllocateBatch) {
  return { eventId, fencingToken: BigInt(token), entries: wishes.map(toEntry) };
}

function toAnswer(response: BatchAllocateResponse): AllocateAnswer {
  const answers = response.results.map(({ outcome }): Grant | ServiceError => {
    if (outcome.case === "error") {
      return fromEntryError(outcome.value);
    }
    if (outcome.case === undefined) {
      throw new Error("inventory-svc left an entry without an outcome");
    }
    const { total, replayed, ...first } = outcome.value;
    return {
      totalMinor: Number(total?.amountMinor ?? 0n),
      currency: total?.currencyCode ?? "",
      isReplay: replayed,
      // Of an unknown event, of which nothing can be granted, there are no times.
      allocateTime: dateOf(replayed ? first.allocateTime : response.allocateTime),
      expireTime: dateOf(replayed ? first.expireTime : response.expireTime),
    };
  });
  const { stock } = response;
  return { answers, stock: stock === undefined ? undefined : toLevels(stock) };
}

function toEntry({ allocationId, userId, items }: AllocationWish) {
  return { allocationId, userId, items: [...items] };
}

type NamedCall = LedgerCall & { requestId: string };

/** The call under a request id, by which inventory-svc's line of it is found. */
function named(call: LedgerCall): NamedCall {
  return { ...call, requestId: call.requestId ?? randomUUID() };
}

/** Says in which call something failed that succeeded as a whole. */
function partOf(method: string, { requestId }: NamedCall): Error {
  return new Error(`part of ${method}, request id ${requestId}`);
}

function optionsOf({ timeoutMs, requestId, traceparent }: NamedCall): CallOptions {
  const headers: Record<string, string> = { "x-request-id": requestId };
  if (traceparent !== undefined) {
    headers.traceparent = traceparent;
  }
  return { ...(timeoutMs === undefined ? {} : { timeoutMs }), headers };
}

function toLevels({ eventId, version, ticketTypes }: StockMessage): StockLevels {
  return {
    eventId,
    version: Number(version),
    available: new Map(ticketTypes.map(({ ticketTypeId, available }) => [ticketTypeId, available])),
  };
}
