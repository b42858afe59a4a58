import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";

/** A time as REST writes it: RFC 3339, UTC, milliseconds. A missing one is the service's bug. */
export function restTime(timestamp: Timestamp | undefined): string {
  if (timestamp === undefined) {
    throw new Error("the service left out a time");
  }
  return new Date(timestampMs(timestamp)).toISOString();
}
