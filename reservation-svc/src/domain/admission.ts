import type { Reservation } from "./reservation.ts";

/** The database tells when a reservation was made, and Redis when somebody was let in. */
const CLOCKS_APART_MS = 2_000;

/** When somebody was let in: the serial of their pass is that time, in milliseconds of the epoch. */
export function admitTimeOf(serial: string): Date {
  return new Date(Number(serial));
}

/** True when the reservation was made before its buyer was let in: not with that pass. */
export function isOlder({ createTime }: Pick<Reservation, "createTime">, admitTime: Date): boolean {
  return createTime.getTime() < admitTime.getTime() - CLOCKS_APART_MS;
}
