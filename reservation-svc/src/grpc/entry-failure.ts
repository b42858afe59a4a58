import type { HandlerContext } from "@connectrpc/connect";
import { toEntryError } from "@tessera/service-kit/entry-error";
import { tellPartFailures } from "@tessera/service-kit/part-failures";
import { givenRequestId } from "@tessera/service-kit/request-id";

/** What an entry of a call is about, as far as it says. */
export interface EntrySubject {
  userId: string;
  eventId?: string;
  reservationId?: string;
}

/** An entry that failed, by what is looked for in logs. */
export interface FailedEntry {
  /** Of the call that the entry came with. */
  requestId: string | undefined;
  eventId: string | undefined;
  reservationId: string | undefined;
}

/** Told what failed for single entries, bugs and outages. */
export type OnEntryFailure = (reason: unknown, entry: FailedEntry) => void;

/** What failed for entries of one call. It answers OK: a bug or an outage is told here or nowhere. */
export class EntryFailures {
  readonly #failures: { reason: unknown; part: EntrySubject }[] = [];

  /** One entry's failure as its outcome. */
  outcomeOf(reason: unknown, part: EntrySubject) {
    this.#failures.push({ reason, part });
    return { case: "error" as const, value: toEntryError(reason) };
  }

  tell(context: HandlerContext, onEntryFailure: OnEntryFailure): void {
    tellPartFailures(this.#failures, (reason, { eventId, reservationId }) => {
      const requestId = givenRequestId(context.requestHeader.get("x-request-id"));
      onEntryFailure(reason, { requestId, eventId, reservationId });
    });
  }
}
