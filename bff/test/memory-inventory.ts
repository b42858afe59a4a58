import { clone, create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { type Event, EventSchema } from "@tessera/proto/inventory/v1/event_pb";
import type { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { invalidField, ServiceError } from "@tessera/service-kit/service-error";
import { memoryPage } from "./memory-page.ts";

/** An inventory-svc that keeps all in memory: what the BFF calls of it. */
export class MemoryInventory {
  readonly #events = new Map<string, Event>();
  readonly #answers = new Map<string, Event>();
  readonly #changes = new Set<string>();
  /** What is left of a ticket type, when it is not all of it. */
  readonly available = new Map<string, number>();

  /** Its handlers. */
  readonly service: ServiceImpl<typeof InventoryService> = {
    createEvent: ({ requestId, event }) => {
      const before = this.#answers.get(requestId);
      if (before !== undefined) {
        return { event: before, replayed: true };
      }
      const created: Event = {
        ...create(EventSchema, event ?? {}),
        id: crypto.randomUUID(),
        holdSeconds: event?.holdSeconds || 600,
        maxPerUser: event?.maxPerUser || 8,
        ticketTypes: event?.ticketTypes.map((type) => ({ ...type, id: crypto.randomUUID() })) ?? [],
        createTime: timestampFromMs(Date.now()),
      };
      checkOrder(created);
      this.#events.set(created.id, created);
      this.#answers.set(requestId, created);
      return { event: created, replayed: false };
    },
    updateEvent: ({ requestId, organiserId, event: wish, updateMask }) => {
      const before = this.#answers.get(requestId);
      if (before !== undefined) {
        return { event: before, replayed: true };
      }
      const event = clone(EventSchema, this.#found(wish?.id ?? "", organiserId));
      for (const path of updateMask?.paths ?? []) {
        const [name = "", field] = path.replace(/_(.)/g, (_, c) => c.toUpperCase()).split(".");
        if (field === undefined) {
          Object.assign(event, { [name]: Reflect.get(wish ?? {}, name) });
        } else if (event.waitingRoom === undefined) {
          throw invalidField("event.waiting_room", "cannot be given to an event that has none");
        } else {
          Object.assign(event.waitingRoom, {
            [field]: Reflect.get(wish?.waitingRoom ?? {}, field),
          });
        }
      }
      checkOrder(event);
      this.#events.set(event.id, event);
      this.#answers.set(requestId, event);
      return { event, replayed: false };
    },
    updateTicketType: ({ requestId, organiserId, eventId, ticketType }) => {
      const event = this.#found(eventId, organiserId);
      const type = event.ticketTypes.find(({ id }) => id === ticketType?.id);
      const { capacity = 0 } = ticketType ?? {};
      if (type === undefined) {
        const metadata = { ticketTypeId: ticketType?.id ?? "" };
        throw new ServiceError("TICKET_TYPE_NOT_FOUND", "no such ticket type", { metadata });
      }
      const taken = type.capacity - (this.available.get(type.id) ?? type.capacity);
      if (capacity < taken) {
        const metadata = { ticketTypeId: type.id, taken: String(taken) };
        throw new ServiceError("CAPACITY_BELOW_TAKEN", `${taken} units are taken`, { metadata });
      }
      const replayed = this.#changes.has(requestId);
      this.#changes.add(requestId);
      type.capacity = capacity;
      this.available.set(type.id, capacity - taken);
      const { ticketTypes } = this.#leftOf(event);
      const availability = ticketTypes.find(({ ticketTypeId }) => ticketTypeId === type.id);
      return { ticketType: type, replayed, ...(availability && { availability }) };
    },
    getEvent: ({ eventId }) => ({ event: this.#found(eventId) }),
    listEvents: ({ pageSize, pageToken, namePrefix, startTimeFrom }) => {
      const fromMs = startTimeFrom === undefined ? 0 : timestampMs(startTimeFrom);
      const found = [...this.#events.values()]
        .filter(({ name }) => name.startsWith(namePrefix))
        .filter(({ startTime }) => startTime !== undefined && timestampMs(startTime) >= fromMs);
      const { items, nextPageToken } = memoryPage(found, pageSize, pageToken);
      return { events: items, nextPageToken };
    },
    batchGetEvents: ({ eventIds }) => ({
      events: eventIds.flatMap((id) => this.#events.get(id) ?? []),
    }),
    getAvailability: ({ eventId }) => this.#leftOf(this.#found(eventId)),
    batchGetAvailability: ({ eventIds }) => ({
      availabilities: eventIds.flatMap((id) => {
        const event = this.#events.get(id);
        return event === undefined ? [] : this.#leftOf(event);
      }),
    }),
    // The BFF never calls these.
    batchAllocate: () => ({}),
    batchAllocateAcrossEvents: () => ({}),
    batchCommit: () => ({}),
    batchRelease: () => ({}),
    batchGetAllocations: () => ({}),
    extendAllocation: () => ({}),
  };

  /** Keeps an event as it is. */
  add({ id, waitingRoom }: Pick<Event, "id" | "waitingRoom">): void {
    const now = timestampFromMs(Date.now());
    const times = { startTime: now, salesOpenTime: now, salesCloseTime: now, createTime: now };
    const rules = waitingRoom === undefined ? {} : { waitingRoom };
    this.#events.set(id, create(EventSchema, { ...times, ...rules, id }));
  }

  #leftOf({ id: eventId, ticketTypes }: Event) {
    return {
      eventId,
      ticketTypes: ticketTypes.map(({ id, capacity }) => {
        const available = this.available.get(id) ?? capacity;
        return { ticketTypeId: id, capacity, available, held: capacity - available };
      }),
    };
  }

  #found(eventId: string, organiserId?: string): Event {
    const event = this.#events.get(eventId);
    if (event === undefined || (organiserId ?? event.organiserId) !== event.organiserId) {
      throw new ServiceError("EVENT_NOT_FOUND", `no event ${eventId}`, { metadata: { eventId } });
    }
    return event;
  }
}

function checkOrder({ salesOpenTime, salesCloseTime }: Event): void {
  if (
    salesOpenTime !== undefined &&
    salesCloseTime !== undefined &&
    timestampMs(salesCloseTime) <= timestampMs(salesOpenTime)
  ) {
    throw invalidField("event.sales_close_time", "must be after sales_open_time");
  }
}
