import type { Event } from "@tessera/proto/inventory/v1/event_pb";
import type { GetAvailabilityResponse } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { ServiceError } from "@tessera/service-kit/service-error";
import type { Clients } from "./clients.ts";
import { type Asker, type CallOptions, Combiner } from "./combiner.ts";
import type { Config, ReadsConfig } from "./config.ts";
import type { ReadBatchSizes } from "./read-batch-sizes.ts";

/** How much is combined and kept, and how old answers may get meanwhile. */
export type EventReadSettings = ReadsConfig & Pick<Config, "rpcTimeoutMs">;

/** Reads one thing of an event, together with what others read; EVENT_NOT_FOUND without any. */
export type EventReader<T> = (asker: Asker, eventId: string) => Promise<T>;

/** Calls at once, of each kind: few, so that many share one. */
const MAX_IN_FLIGHT = 4;

/**
 * Combines reads of single events that arrive at once.
 *
 * A call costs both processes several times what one more event in it does.
 */
export function createEventCombiners(
  inventory: Clients["inventory"],
  settings: EventReadSettings,
  sizes: ReadBatchSizes,
): { event: EventReader<Event>; availability: EventReader<GetAvailabilityResponse> } {
  const { readsPerCall, readMaxLoads, eventsMaxAgeMs, availabilityMaxAgeMs } = settings;
  const readerOf = <T>(kind: string, maxAgeMs: number, read: Read<T>): EventReader<T> => {
    const size = sizes.labels(kind);
    const combiner = new Combiner<string, { found: T | undefined }>({
      operation: kind,
      settings: {
        maxBatch: readsPerCall,
        maxInFlight: MAX_IN_FLIGHT,
        maxQueue: readMaxLoads,
        timeoutMs: timeoutOf(maxAgeMs, settings.rpcTimeoutMs),
      },
      onBatch: (events) => size.observe(events),
      send: async (ids, options) => {
        const found = await read(ids, options);
        return ids.map((id) => ({ found: found.get(id) }));
      },
    });
    return async (asker, eventId) => {
      const { found } = await combiner.submit(asker, eventId);
      if (found === undefined) {
        // Made here, not in `send`: it is kept for long, and its stack keeps what functions on it can see.
        throw notFound(eventId);
      }
      return found;
    };
  };
  return {
    event: readerOf("event", eventsMaxAgeMs, async (eventIds, options) => {
      const { events } = await inventory.batchGetEvents({ eventIds }, options);
      return new Map(events.map((one) => [one.id, one]));
    }),
    availability: readerOf("availability", availabilityMaxAgeMs, async (eventIds, options) => {
      const { availabilities } = await inventory.batchGetAvailability({ eventIds }, options);
      return new Map(availabilities.map((one) => [one.eventId, one]));
    }),
  };
}

/** The deadline of a read: an answer that takes longer than it may be old is of no use. */
export function timeoutOf(maxAgeMs: number, rpcTimeoutMs: number): number {
  return maxAgeMs > 0 ? Math.min(maxAgeMs, rpcTimeoutMs) : rpcTimeoutMs;
}

/** Asks the service; what there is, by the events' ids. */
type Read<T> = (eventIds: string[], options: CallOptions) => Promise<ReadonlyMap<string, T>>;

function notFound(eventId: string): ServiceError {
  return new ServiceError("EVENT_NOT_FOUND", `no event ${eventId}`, {
    metadata: { eventId },
  });
}
