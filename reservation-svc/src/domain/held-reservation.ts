import type { Reservation } from "./reservation.ts";

type Asked = "id" | "eventId" | "userId" | "items";
type Granted = "totalMinor" | "currency" | "expireTime";

/** A new reservation of what was asked for, as it was granted. */
export function heldReservation({
  id,
  eventId,
  userId,
  items,
  totalMinor,
  currency,
  allocateTime,
  expireTime,
}: Pick<Reservation, Asked | Granted> & { allocateTime: Date }): Reservation {
  return {
    ...{ id, eventId, userId, items, totalMinor, currency },
    state: "held",
    createTime: allocateTime,
    firstExpireTime: expireTime,
    expireTime,
    updateTime: allocateTime,
    paymentReference: "",
    extendCount: 0,
    isReacquired: false,
  };
}
