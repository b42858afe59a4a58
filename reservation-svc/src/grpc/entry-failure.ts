import type { HandlerContext } from "@connectrpc/connect";
import { toEntryError } from "@tessera/service-kit/entry-error";
import { givenRequestId } from "@tessera/service-kit/request-id";

/** Told of failures of single entries that nobody foresaw. */
export type OnBug = (reason: unknown, requestId: string | undefined) => void;

/** One entry's failure; a batch answers OK, so a bug in it is told here or nowhere. */
export function entryFailure(reason: unknown, context: HandlerContext, onBug: OnBug) {
  const value = toEntryError(reason);
  if (value.reason === "INTERNAL") {
    onBug(reason, givenRequestId(context.requestHeader.get("x-request-id")));
  }
  return { case: "error" as const, value };
}
