import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { Reason } from "@tessera/proto/reasons";
import {
  type Reservation,
  Reservation_State,
  ReservationSchema,
} from "@tessera/proto/reservation/v1/reservation_pb";
import type {
  ConfirmReservationEntry,
  CreateReservationEntry,
  ListReservationsEntry,
  ReservationService,
} from "@tessera/proto/reservation/v1/reservation_service_pb";
import { toEntryError } from "@tessera/service-kit/entry-error";
import { ServiceError } from "@tessera/service-kit/service-error";
import { memoryPage } from "./memory-page.ts";

/** A reservation-svc that keeps all in memory: enough of it to speak REST to. */
export class MemoryReservations {
  readonly #reservations = new Map<string, Reservation>();
  readonly #answers = new Map<string, { body: string; id: string }>();

  /** Units left, by ticket type; a type that is not here does not exist. */
  readonly stock = new Map<string, number>();

  /** Runs before each batch of creations; it may wait. */
  beforeCreate: () => void | Promise<void> = () => {};

  /** Its handlers. */
  readonly service: ServiceImpl<typeof ReservationService> = {
    batchCreateReservations: async ({ entries }) => {
      await this.beforeCreate();
      return { results: entries.map((entry) => this.#answered(() => this.#create(entry))) };
    },
    batchConfirmReservations: ({ entries }) => ({
      results: entries.map((entry) => this.#answered(() => this.#confirm(entry))),
    }),
    cancelReservation: ({ requestId, reservationId }, { requestHeader }) => {
      const userId = requestHeader.get("x-tessera-user-id") ?? "";
      return this.#once(`cancel:${userId}:${requestId}`, reservationId, () => {
        const reservation = this.#owned(userId, reservationId);
        if (reservation.state === Reservation_State.CANCELLED) {
          throw illegalMove(reservation);
        }
        return this.#store({ ...reservation, state: Reservation_State.CANCELLED });
      });
    },
    extendReservation: ({ requestId, reservationId }, { requestHeader }) => {
      const userId = requestHeader.get("x-tessera-user-id") ?? "";
      const answer = this.#once(`extend:${userId}:${requestId}`, reservationId, () => {
        const reservation = this.#owned(userId, reservationId);
        if (reservation.state !== Reservation_State.HELD) {
          throw illegalMove(reservation);
        }
        if (reservation.extendCount === 3) {
          throw new ServiceError("EXTEND_LIMIT", "extended 3 times", { metadata: {} });
        }
        return this.#store({ ...reservation, extendCount: reservation.extendCount + 1 });
      });
      return { ...answer, serverTime: timestampFromMs(Date.now()) };
    },
    getReservation: ({ reservationId }, { requestHeader }) =>
      this.#get(requestHeader.get("x-tessera-user-id") ?? "", reservationId),
    batchGetReservations: ({ entries }) => ({
      results: entries.map(({ userId, reservationId }) =>
        orError(() => ({ case: "found" as const, value: this.#get(userId, reservationId) })),
      ),
    }),
    listReservations: (page, { requestHeader }) =>
      this.#list({ ...page, userId: requestHeader.get("x-tessera-user-id") ?? "" }),
    batchListReservations: ({ entries }) => ({
      results: entries.map((entry) =>
        orError(() => ({ case: "page" as const, value: this.#list(entry) })),
      ),
    }),
  };

  /** Lets a hold lapse, its units gone for good. */
  lapse(id: string): void {
    const reservation = this.#reservations.get(id);
    if (reservation !== undefined) {
      this.#store({ ...reservation, state: Reservation_State.EXPIRED });
    }
  }

  #create(entry: CreateReservationEntry) {
    const { userId, requestId, eventId, items } = entry;
    return this.#once(`create:${userId}:${requestId}`, JSON.stringify([eventId, items]), () => {
      let amountMinor = 0n;
      for (const { ticketTypeId, quantity } of items) {
        const left = this.stock.get(ticketTypeId);
        if (left === undefined || left < quantity) {
          const reason: Reason = left === undefined ? "TICKET_TYPE_NOT_FOUND" : "SOLD_OUT";
          throw new ServiceError(reason, "not to be had", { metadata: { ticketTypeId } });
        }
        this.stock.set(ticketTypeId, left - quantity);
        amountMinor += 4500n * BigInt(quantity);
      }
      const nowMs = Date.now();
      return this.#store({
        id: crypto.randomUUID(),
        eventId,
        userId,
        state: Reservation_State.HELD,
        items,
        total: { amountMinor, currencyCode: "EUR" },
        expireTime: timestampFromMs(nowMs + 600_000),
        createTime: timestampFromMs(nowMs),
        updateTime: timestampFromMs(nowMs),
      });
    });
  }

  #confirm(entry: ConfirmReservationEntry) {
    const { userId, requestId, reservationId, paymentReference } = entry;
    const answer = this.#once(
      `confirm:${userId}:${requestId}`,
      `${reservationId} ${paymentReference}`,
      () => {
        const reservation = this.#owned(userId, reservationId);
        if (reservation.state === Reservation_State.EXPIRED) {
          throw new ServiceError("HOLD_EXPIRED", "the hold has expired", {
            metadata: { reservationId, refundRequired: "true" },
          });
        }
        if (reservation.state !== Reservation_State.HELD) {
          throw illegalMove(reservation, { refundRequired: "true" });
        }
        const state = Reservation_State.CONFIRMED;
        return this.#store({ ...reservation, state, paymentReference });
      },
    );
    return { ...answer, reacquired: false };
  }

  #once(key: string, body: string, act: () => Reservation) {
    const before = this.#answers.get(key);
    if (before !== undefined && before.body !== body) {
      throw new ServiceError("IDEMPOTENCY_KEY_REUSED", "the key was used with another body");
    }
    if (before !== undefined) {
      return { reservation: this.#reservations.get(before.id), replayed: true };
    }
    const reservation = act();
    this.#answers.set(key, { body, id: reservation.id });
    return { reservation, replayed: false };
  }

  #answered<T extends { reservation: Reservation | undefined }>(act: () => T) {
    let rest: Omit<T, "reservation"> | undefined;
    const answer = orError(() => {
      const { reservation, ...others } = act();
      rest = others;
      return { case: "reservation" as const, value: reservation ?? create(ReservationSchema) };
    });
    return { ...rest, ...answer };
  }

  #get(userId: string, id: string) {
    return { reservation: this.#owned(userId, id), serverTime: timestampFromMs(Date.now()) };
  }

  #list({
    userId,
    pageSize,
    pageToken,
  }: Pick<ListReservationsEntry, "userId" | "pageSize" | "pageToken">) {
    const own = [...this.#reservations.values()].filter((each) => each.userId === userId);
    const { items, nextPageToken } = memoryPage(own.reverse(), pageSize, pageToken);
    return { reservations: items, nextPageToken, serverTime: timestampFromMs(Date.now()) };
  }

  #owned(userId: string, id: string): Reservation {
    const reservation = this.#reservations.get(id);
    if (reservation === undefined || reservation.userId !== userId) {
      throw new ServiceError("RESERVATION_NOT_FOUND", `no reservation ${id}`, {
        metadata: { reservationId: id },
      });
    }
    return reservation;
  }

  #store(reservation: MessageInitShape<typeof ReservationSchema>): Reservation {
    const stored = create(ReservationSchema, { ...reservation });
    this.#reservations.set(stored.id, stored);
    return stored;
  }
}

function illegalMove({ id, state }: Reservation, more = {}): ServiceError {
  return new ServiceError("ILLEGAL_MOVE", "not possible now", {
    metadata: { reservationId: id, state: String(state), ...more },
  });
}

/** One entry's outcome, or its failure. */
function orError<T>(act: () => T) {
  try {
    return { outcome: act() };
  } catch (thrown) {
    return { outcome: { case: "error" as const, value: toEntryError(thrown) } };
  }
}
