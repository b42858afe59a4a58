import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { invalidField } from "@tessera/service-kit/service-error";
import { isUuid } from "@tessera/service-kit/uuid";

/** From 1970 to the last second that SQL can name. */
const MAX_TIME_SECONDS = 253_402_300_799n;

/** The caller's name for what it wants done once, or INVALID_FIELD. */
export function parseRequestId(text: string): string {
  if (!/^[\x20-\x7e]{1,255}$/.test(text)) {
    throw invalidField("request_id", "must have 1 to 255 printable ASCII characters");
  }
  return text;
}

/** A UUID in lower case, or INVALID_FIELD. */
export function parseUuid(field: string, text: string): string {
  if (!isUuid(text)) {
    throw invalidField(field, text === "" ? "is required" : "must be a UUID in lower case");
  }
  return text;
}

/** 1 to `most` UUIDs in lower case, or INVALID_FIELD. */
export function parseUuids(field: string, texts: readonly string[], most = 500): readonly string[] {
  if (texts.length === 0 || texts.length > most) {
    throw invalidField(field, `must have 1 to ${most} items`);
  }
  for (const [index, text] of texts.entries()) {
    parseUuid(`${field}[${index}]`, text);
  }
  return texts;
}

/** An instant, to the millisecond, or INVALID_FIELD. */
export function parseTime(field: string, time: Timestamp | undefined): Date {
  if (time === undefined) {
    throw invalidField(field, "is required");
  }
  const { seconds, nanos } = time;
  if (seconds < 0n || seconds > MAX_TIME_SECONDS || nanos < 0 || nanos > 999_999_999) {
    throw invalidField(field, "must be a time from 1970 to 9999");
  }
  // Cut, not rounded: the last instant of 9999 is none of 10000, which SQL does not know.
  return new Date(Number(seconds) * 1000 + Math.floor(nanos / 1e6));
}

/** Checks how many entries a batch has, or throws INVALID_FIELD. */
export function checkBatchSize(entries: readonly unknown[]): void {
  if (entries.length === 0 || entries.length > 1000) {
    throw invalidField("entries", "must have 1 to 1000 items");
  }
}
