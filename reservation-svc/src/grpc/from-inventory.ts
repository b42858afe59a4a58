import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { toServiceError } from "@tessera/service-kit/connect-error";

/** Failed calls become the ServiceErrors that inventory-svc meant. */
export async function asServiceErrors<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (reason) {
    throw reason instanceof ConnectError ? toServiceError(reason) : reason;
  }
}

/** A time that must be there. */
export function dateOf(timestamp: Timestamp | undefined): Date {
  if (timestamp === undefined) {
    throw new Error("inventory-svc left out a time");
  }
  return timestampDate(timestamp);
}
