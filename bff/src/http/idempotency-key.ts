import { randomUUID } from "node:crypto";
import { ServiceError } from "@tessera/service-kit/service-error";
import type { Exchange } from "./exchange.ts";
import { invalid } from "./invalid-request.ts";

const PRINTABLE_ASCII = /^[\x20-\x7e]{1,255}$/;

/** The client's name for what it wants done once. Throws IDEMPOTENCY_KEY_REQUIRED. */
export function idempotencyKeyOf(exchange: Exchange): string {
  const key = givenKey(exchange);
  if (key === undefined) {
    throw new ServiceError(
      "IDEMPOTENCY_KEY_REQUIRED",
      "send an Idempotency-Key header: the same for each try, another for each new wish",
    );
  }
  return key;
}

/** The client's name for what it wants done once; a new one when it gave none. */
export function idempotencyKeyOrNew(exchange: Exchange): string {
  const key = givenKey(exchange);
  exchange.isRepeatable = key !== undefined;
  return key ?? randomUUID();
}

/** Says that the answer is an earlier one's. */
export function markReplayed(exchange: Exchange, isReplayed: boolean): void {
  if (isReplayed) {
    exchange.headers.push("Idempotent-Replayed", "true");
  }
}

function givenKey({ request }: Exchange): string | undefined {
  const key = request.headers["idempotency-key"];
  if (key === undefined || key === "") {
    return undefined;
  }
  if (typeof key !== "string" || !PRINTABLE_ASCII.test(key)) {
    throw invalid("Idempotency-Key", "must have 1 to 255 printable ASCII characters");
  }
  // Two headers of a name come joined by these: together they are no key that anybody made.
  if (key.includes(", ") && (request.headersDistinct["idempotency-key"]?.length ?? 0) > 1) {
    throw invalid("Idempotency-Key", "must be given once");
  }
  return key;
}
