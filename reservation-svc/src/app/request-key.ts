import { hash } from "node:crypto";
import { uuidOf } from "@tessera/service-kit/uuid";
import type { RequestKey } from "./reservation-store.ts";

/** What changes one reservation. */
export type Operation = "ConfirmReservation" | "CancelReservation" | "ExtendReservation";

/**
 * The key of a request that changes one reservation: its scope is one user and one operation.
 * `body` is whatever else the request says.
 */
export function requestKeyOf(
  operation: Operation,
  request: { userId: string; requestId: string; reservationId: string; body?: string },
): RequestKey {
  const { userId, requestId, reservationId, body = "" } = request;
  const text = JSON.stringify([reservationId, body]);
  return {
    keyId: uuidOf(operation, userId, requestId),
    requestId,
    reservationId,
    bodyHash: hash("sha256", text, "buffer").subarray(0, 16),
  };
}
