import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { isoTime } from "@tessera/service-kit/iso-time";

/** A time as REST writes it: RFC 3339, UTC, milliseconds. A missing one is the service's bug. */
export function restTime(timestamp: Timestamp | undefined): string {
  if (timestamp === undefined) {
    throw new Error("the service left out a time");
  }
  return isoTime(new Date(timestampMs(timestamp)));
}
