import type { Event } from "@tessera/proto/inventory/v1/event_pb";
import type { GetAvailabilityResponse } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { ServiceError } from "@tessera/service-kit/service-error";
import type { Clients } from "./clients.ts";
import { type Asker, type CallOptions, Combiner } from "./combiner.ts";
import type { ReadBatchSizes } from "./read-batch-sizes.ts";

/** How much is combined, and how old answers may get meanwhile. */
export interface EventCombinerSettings {
  /** Events in one call, at most 500; 1 asks for each by itself, of services that know no other way. */
  readsPerCall: number;
  /** Reads under way, of each kind. */
  readMaxLoads: number;
  /** What an answer may be old at most is also what it may take; 0 for as long as any call. */
  eventsMaxAgeMs: number;
  availabilityMaxAgeMs: number;
  rpcTimeoutMs: number;
}

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
  settings: EventCombinerSettings,
  sizes: ReadBatchSizes,
): { event: EventReader<Event>; availability: EventReader<GetAvailabilityResponse> } {
  const { readsPerCall, readMaxLoads, eventsMaxAgeMs, availabilityMaxAgeMs } = settings;
  const readerOf = <T>(kind: string, maxAgeMs: number, sends: Sends<T>): EventReader<T> => {
    const size = sizes.labels(kind);
    const isAlone = readsPerCall === 1;
    const combiner = new Combiner<string, { found: T | undefined }>({
      operation: kind,
      settings: {
        maxBatch: readsPerCall,
        maxInFlight: isAlone ? readMaxLoads : MAX_IN_FLIGHT,
        maxQueue: readMaxLoads,
        timeoutMs: timeoutOf(maxAgeMs, settings.rpcTimeoutMs),
      },
      onBatch: (events) => size.observe(events),
      send: async (ids, options) => {
        const found = isAlone ? await sends.one(ids, options) : await sends.many(ids, options);
        return ids.map((id) => ({ granted: { found: found.get(id) } }));
      },
    });
    return async (asker, eventId) => {
      const { found } = await combiner.submit(asker, eventId);
      if (found === undefined) {
        throw notFound(eventId);
      }
      return found;
    };
  };
  return {
    event: readerOf<Event>("event", eventsMaxAgeMs, {
      one: async ([eventId = ""], options) => {
        const { event } = await inventory.getEvent({ eventId }, options);
        return byId(event === undefined ? [] : [event], ({ id }) => id);
      },
      many: async (eventIds, options) =>
        byId((await inventory.batchGetEvents({ eventIds }, options)).events, ({ id }) => id),
    }),
    availability: readerOf<GetAvailabilityResponse>("availability", availabilityMaxAgeMs, {
      one: async ([eventId = ""], options) =>
        byId([await inventory.getAvailability({ eventId }, options)], (one) => one.eventId),
      many: async (eventIds, options) => {
        const { availabilities } = await inventory.batchGetAvailability({ eventIds }, options);
        return byId(availabilities, (one) => one.eventId);
      },
    }),
  };
}

/** The deadline of a read: an answer that takes longer than it may be old is of no use. */
export function timeoutOf(maxAgeMs: number, rpcTimeoutMs: number): number {
  return maxAgeMs > 0 ? Math.min(maxAgeMs, rpcTimeoutMs) : rpcTimeoutMs;
}

/** How the service is asked, for what there is by the events' ids. */
interface Sends<T> {
  /** For a single event. */
  one: (eventIds: string[], options: CallOptions) => Promise<ReadonlyMap<string, T>>;
  many: (eventIds: string[], options: CallOptions) => Promise<ReadonlyMap<string, T>>;
}

function byId<T>(found: readonly T[], idOf: (one: T) => string): ReadonlyMap<string, T> {
  return new Map(found.map((one) => [idOf(one), one]));
}

function notFound(eventId: string): ServiceError {
  return new ServiceError("EVENT_NOT_FOUND", `no event ${eventId}`, {
    metadata: { eventId },
  });
}
