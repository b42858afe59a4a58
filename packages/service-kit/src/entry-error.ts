import type { EntryError } from "@tessera/proto/common/v1/entry_error_pb";
import { REASONS } from "@tessera/proto/reasons";
import { asServiceError, knownReason } from "./connect-error.ts";
import { ServiceError } from "./service-error.ts";

/** The fields of an EntryError message. */
export type EntryFailure = Pick<EntryError, "code" | "reason" | "message" | "metadata">;

/** One entry's failure as a message; a bug says nothing about itself. */
export function toEntryError(thrown: unknown): EntryFailure {
  const { reason, message, metadata } = asServiceError(thrown);
  return { code: REASONS[reason].code, reason, message, metadata: { ...metadata } };
}

/** One entry's failure as the error it was; `cause` says for the log in which call. */
export function fromEntryError(entry: EntryError, cause?: unknown): ServiceError {
  const reason = knownReason(entry.reason, entry.code);
  return new ServiceError(reason, entry.message, { metadata: entry.metadata, cause });
}
