import {
  type ListEventsRequest,
  ListEventsRequest_Sort,
} from "@tessera/proto/inventory/v1/inventory_service_pb";
import { pageSizeOf } from "@tessera/service-kit/page-token";
import { invalidField } from "@tessera/service-kit/service-error";
import type { EventSort } from "../app/event-store.ts";
import { normalText } from "../domain/normal-text.ts";
import { parseTime } from "./parse-fields.ts";

/** Reads a ListEventsRequest, or throws INVALID_FIELD. */
export function parseListEvents({ pageSize, pageToken, sort, ...request }: ListEventsRequest): {
  sort: EventSort;
  namePrefix: string;
  startFrom?: Date;
  limit: number;
  pageToken: string;
} {
  const namePrefix = normalText(request.namePrefix, 100);
  if (namePrefix === undefined || /\p{Cc}/u.test(namePrefix) || !namePrefix.isWellFormed()) {
    throw invalidField("name_prefix", "must have at most 100 characters, none of them control");
  }
  const limit = pageSizeOf(pageSize);
  if (request.startTimeFrom !== undefined) {
    if (namePrefix !== "" || parseSort(sort) !== "startTime") {
      throw invalidField("start_time_from", "is possible in the order of start times only");
    }
    const startFrom = parseTime("start_time_from", request.startTimeFrom);
    return { sort: "startTime", namePrefix, startFrom, limit, pageToken };
  }
  if (namePrefix === "") {
    return { sort: parseSort(sort), namePrefix, limit, pageToken };
  }
  if (sort !== ListEventsRequest_Sort.UNSPECIFIED && sort !== ListEventsRequest_Sort.NAME) {
    throw invalidField("sort", "must be by name, or not given, together with a name's beginning");
  }
  return { sort: "name", namePrefix, limit, pageToken };
}

function parseSort(sort: ListEventsRequest_Sort): EventSort {
  switch (sort) {
    case ListEventsRequest_Sort.UNSPECIFIED:
    case ListEventsRequest_Sort.START_TIME:
      return "startTime";
    case ListEventsRequest_Sort.NAME:
      return "name";
    case ListEventsRequest_Sort.CREATE_TIME_DESC:
      return "createTimeDesc";
    default:
      throw invalidField("sort", "is not one of the known values");
  }
}
