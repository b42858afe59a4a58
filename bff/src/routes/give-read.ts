import { ServiceError } from "@tessera/service-kit/service-error";
import type { ReadAnswer } from "../event-reads.ts";
import type { Exchange } from "../http/exchange.ts";
import { sendTagged } from "../http/tagged.ts";

/** Answers with what a cache found. What is known already is sent at once, without waiting a turn. */
export function giveRead(
  exchange: Exchange,
  found: ReadAnswer | Promise<ReadAnswer>,
): void | Promise<void> {
  if (found instanceof Promise) {
    return found.then((answer) => giveRead(exchange, answer));
  }
  if (found instanceof ServiceError) {
    throw found;
  }
  sendTagged(exchange, found);
}
