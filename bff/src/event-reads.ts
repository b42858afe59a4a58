import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { ListEventsRequest_Sort } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { asServiceError } from "@tessera/service-kit/connect-error";
import type { Logger } from "@tessera/service-kit/logger";
import { ServiceError } from "@tessera/service-kit/service-error";
import { Counter, Gauge, type Registry } from "prom-client";
import type { Clients } from "./clients.ts";
import { type Asker, newCombinedCall } from "./combiner.ts";
import { createEventCombiners, type EventReadSettings, timeoutOf } from "./event-combiners.ts";
import { type Tagged, taggedJson } from "./http/tagged.ts";
import type { ReadBatchSizes } from "./read-batch-sizes.ts";
import { type Freshness, ReadCache, type ReadCacheObserver } from "./read-cache.ts";
import { outageTold } from "./read-outage.ts";
import { restAvailability, restEvent } from "./rest/event.ts";
import { restDraw } from "./rest/waiting-room.ts";

/** Which page of events is asked for, whole: what was left out has its default. */
export interface EventListQuery {
  pageSize: number;
  pageToken: string;
  namePrefix: string;
  sort: ListEventsRequest_Sort;
  startTimeFrom?: Timestamp;
}

/** What there is to read. That there is no such event, or no draw of it, is an answer like any other. */
export type ReadAnswer = Tagged | ServiceError;

/** What everybody may read about events. */
export interface EventReads {
  list: ReadCache<EventListQuery, ReadAnswer>;
  event: ReadCache<string, ReadAnswer>;
  availability: ReadCache<string, ReadAnswer>;
  draw: ReadCache<string, ReadAnswer>;
}

/** What a failure takes, with its stack trace, in bytes: about. */
const FAILURE_BYTES = 2_048;

/** What else it takes. */
export interface EventReadMeans {
  registry: Registry;
  logger: Logger;
  sizes: ReadBatchSizes;
  /** Time in milliseconds, from any beginning. Defaults to `performance.now`. */
  now?: (() => number) | undefined;
}

/** Makes the caches of events and their metrics. A kind has its own: none can push out another. */
export function createEventReads(
  { inventory, waitingRoom }: Pick<Clients, "inventory" | "waitingRoom">,
  settings: EventReadSettings,
  { registry, logger, sizes, now }: EventReadMeans,
): EventReads {
  const metricsOf = readMetrics(registry);
  const observerOf = (kind: keyof EventReads): ReadCacheObserver => {
    const { onAnswer, onLoadFailure } = metricsOf(kind);
    const { works, fails } = outageTold(logger.child({ kind }), now);
    return {
      onAnswer,
      onLoad: works,
      onLoadFailure: (reason) => {
        onLoadFailure();
        fails(reason);
      },
    };
  };
  const cacheOf = <Query>(
    kind: keyof EventReads,
    freshness: Freshness,
    keyOf: (query: Query) => string,
    read: (query: Query, asker: Asker) => Promise<unknown>,
  ) =>
    new ReadCache<Query, ReadAnswer>({
      freshness,
      keyOf,
      load: (query, asker) => answerOf(read(query, asker)),
      sizeOf: (answer) => (answer instanceof ServiceError ? FAILURE_BYTES : answer.body.length),
      maxEntries: settings.readCacheEntries,
      maxBytes: settings.readCacheMebibytes * 2 ** 20,
      maxLoads: settings.readMaxLoads,
      observer: observerOf(kind),
      now,
    });
  const events: Freshness = {
    freshMs: settings.eventsFreshMs,
    maxAgeMs: settings.eventsMaxAgeMs,
    staleIfErrorMs: settings.eventsStaleIfErrorMs,
  };
  const availability: Freshness = {
    freshMs: settings.availabilityFreshMs,
    maxAgeMs: settings.availabilityMaxAgeMs,
    // Better no answer than "available" after the last unit went.
    staleIfErrorMs: 0,
  };
  // Whoever waits for the seed gets it when it is published, and not what was known before.
  const draws: Freshness = { ...events, staleIfErrorMs: 0 };
  const timeoutMs = timeoutOf(settings.eventsMaxAgeMs, settings.rpcTimeoutMs);
  const combiners = createEventCombiners(inventory, settings, sizes);
  const reads: EventReads = {
    list: cacheOf("list", events, listKey, async (query, asker) => {
      const options = { timeoutMs, headers: headersOf(asker) };
      const { events: items, nextPageToken } = await inventory.listEvents(query, options);
      const nextCursor = nextPageToken === "" ? null : nextPageToken;
      return { items: items.map(restEvent), nextCursor };
    }),
    event: cacheOf("event", events, String, async (id, asker) =>
      restEvent(await combiners.event(asker, id)),
    ),
    availability: cacheOf("availability", availability, String, async (id, asker) =>
      restAvailability(await combiners.availability(asker, id)),
    ),
    draw: cacheOf("draw", draws, String, async (eventId, asker) => {
      // Whoever tries ids learns from shared, remembered reads that there is no draw: one costs two calls.
      checkRoom(eventId, await reads.event.get(eventId, asker));
      const options = { timeoutMs, headers: headersOf(asker) };
      return restDraw((await waitingRoom.getDraw({ eventId }, options)).draw);
    }),
  };
  observeSizes(reads, registry);
  return reads;
}

/** Throws what there is instead of an event with a waiting room: EVENT_NOT_FOUND or NO_WAITING_ROOM. */
function checkRoom(eventId: string, event: ReadAnswer): void {
  if (event instanceof ServiceError) {
    throw event;
  }
  if (JSON.parse(String(event.body)).waitingRoom === undefined) {
    const metadata = { eventId };
    throw new ServiceError("NO_WAITING_ROOM", `event ${eventId} has no waiting room`, { metadata });
  }
}

/** The call serves all who wait for the same page. */
function headersOf(asker: Asker): Record<string, string> {
  const { call, headers } = newCombinedCall();
  asker.call = call;
  return headers;
}

async function answerOf(read: Promise<unknown>): Promise<ReadAnswer> {
  try {
    return taggedJson(await read);
  } catch (thrown) {
    const failure = asServiceError(thrown);
    if (failure.reason === "EVENT_NOT_FOUND" || failure.reason === "NO_WAITING_ROOM") {
      return failure;
    }
    throw thrown;
  }
}

function listKey(query: EventListQuery): string {
  const { sort, pageSize, pageToken, namePrefix, startTimeFrom } = query;
  const fromMs = startTimeFrom && timestampMs(startTimeFrom);
  return JSON.stringify([sort, pageSize, pageToken, namePrefix, fromMs]);
}

function readMetrics(registry: Registry) {
  const answers = new Counter({
    name: "tessera_read_cache_answers_total",
    help: "Answers by where they came from: memory while fresh, memory while refreshing, the service, memory because the service failed.",
    labelNames: ["kind", "source"],
    registers: [registry],
  });
  const failures = new Counter({
    name: "tessera_read_cache_load_failures_total",
    help: "Questions to the service that failed, refreshes among them.",
    labelNames: ["kind"],
    registers: [registry],
  });
  return (kind: keyof EventReads) => {
    const sources = {
      fresh: answers.labels(kind, "fresh"),
      stale: answers.labels(kind, "stale"),
      loaded: answers.labels(kind, "loaded"),
      stale_if_error: answers.labels(kind, "stale_if_error"),
    };
    const failed = failures.labels(kind);
    return {
      onAnswer: (source: keyof typeof sources) => sources[source].inc(),
      onLoadFailure: () => failed.inc(),
    };
  };
}

function observeSizes(reads: EventReads, registry: Registry): void {
  const gauge = (name: string, help: string, of: (cache: EventReads[keyof EventReads]) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ["kind"],
      registers: [registry],
      collect() {
        for (const [kind, cache] of Object.entries(reads)) {
          this.set({ kind }, of(cache));
        }
      },
    });
  gauge("tessera_read_cache_entries", "Answers that are kept.", ({ entries }) => entries);
  gauge("tessera_read_cache_bytes", "Bytes that they take, about.", ({ bytes }) => bytes);
}
