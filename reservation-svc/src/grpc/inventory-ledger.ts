import { type Timestamp, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type CallOptions, type Client, ConnectError } from "@connectrpc/connect";
import type {
  InventoryService,
  StockLevels as StockMessage,
} from "@tessera/proto/inventory/v1/inventory_service_pb";
import { toServiceError } from "@tessera/service-kit/connect-error";
import { fromEntryError } from "@tessera/service-kit/entry-error";
import type { ServiceError } from "@tessera/service-kit/service-error";
import type { AllocationWish, Grant, Ledger, LedgerCall, StockLevels } from "../app/ledger.ts";
import type { Reservation } from "../domain/reservation.ts";

/** The ledger as inventory-svc serves it. Its refusals arrive as the ServiceErrors they were. */
export class InventoryLedger implements Ledger {
  readonly #client: Client<typeof InventoryService>;

  constructor(client: Client<typeof InventoryService>) {
    this.#client = client;
  }

  async allocate(
    batch: { eventId: string; token: number; wishes: readonly AllocationWish[] },
    call: LedgerCall,
  ): Promise<{ answers: (Grant | ServiceError)[]; stock: StockLevels | undefined }> {
    const { eventId, token, wishes } = batch;
    const request = { eventId, fencingToken: BigInt(token), entries: wishes.map(toEntry) };
    const response = await told(this.#client.batchAllocate(request, optionsOf(call)));
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
    return {
      answers,
      stock: response.stock === undefined ? undefined : toLevels(response.stock),
    };
  }

  async commit(
    reservations: readonly Reservation[],
    call: LedgerCall,
  ): Promise<{ answers: ({ isReacquired: boolean } | ServiceError)[]; stocks: StockLevels[] }> {
    const entries = reservations.map(({ id, eventId }) => ({ allocationId: id, eventId }));
    const response = await told(this.#client.batchCommit({ entries }, optionsOf(call)));
    const answers = response.results.map(({ outcome }) => {
      if (outcome.case === "error") {
        return fromEntryError(outcome.value);
      }
      return { isReacquired: outcome.value?.reacquired ?? false };
    });
    return { answers, stocks: response.stocks.map(toLevels) };
  }

  async release(reservations: readonly Reservation[], call: LedgerCall): Promise<StockLevels[]> {
    const entries = reservations.map(({ id, eventId, state }) => ({
      allocationId: id,
      eventId,
      isFinal: state === "cancelled",
    }));
    const response = await told(this.#client.batchRelease({ entries }, optionsOf(call)));
    return response.stocks.map(toLevels);
  }

  async extend(allocationId: string, expireTime: Date, call: LedgerCall): Promise<void> {
    const request = { allocationId, expireTime: timestampFromDate(expireTime) };
    await told(this.#client.extendAllocation(request, optionsOf(call)));
  }
}

/** Failed calls become the ServiceErrors that the ledger meant. */
async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (reason) {
    throw reason instanceof ConnectError ? toServiceError(reason) : reason;
  }
}

function toEntry({ allocationId, userId, items }: AllocationWish) {
  return { allocationId, userId, items: [...items] };
}

function optionsOf({ timeoutMs, requestId }: LedgerCall): CallOptions {
  return {
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(requestId === undefined ? {} : { headers: { "x-request-id": requestId } }),
  };
}

function dateOf(timestamp: Timestamp | undefined): Date {
  if (timestamp === undefined) {
    throw new Error("inventory-svc left out a time");
  }
  return timestampDate(timestamp);
}

function toLevels({ eventId, version, ticketTypes }: StockMessage): StockLevels {
  return {
    eventId,
    version: Number(version),
    available: new Map(ticketTypes.map(({ ticketTypeId, available }) => [ticketTypeId, available])),
  };
}
