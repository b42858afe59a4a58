import { isUuid } from "@tessera/service-kit/uuid";
import type { Exchange } from "./exchange.ts";
import { invalid, shownName } from "./invalid-request.ts";

/** The query parameters of a list, each given at most once. Throws INVALID_FIELD. */
export function queryOf<T extends string>(
  { request }: Exchange,
  known: readonly T[],
): Partial<Record<T, string>> {
  const query: Partial<Record<T, string>> = {};
  for (const [name, value] of Object.entries(request.query)) {
    const parameter = known.find((candidate) => candidate === name);
    if (parameter === undefined) {
      throw invalid(shownName(name), `is not a known parameter; ${known.join(", ")} are`);
    }
    if (typeof value !== "string") {
      throw invalid(name, "must be given once");
    }
    query[parameter] = value;
  }
  return query;
}

/** How many items a page has: 0, which means the service's default, when it is not given. */
export function limitOf(text: string | undefined): number {
  if (text === undefined) {
    return 0;
  }
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1) {
    throw invalid("limit", "must be a whole number from 1 on; above 100 means 100");
  }
  return Math.min(limit, 100);
}

/** Where a page begins: empty for the first. */
export function cursorOf(text: string | undefined): string {
  if (text !== undefined && (text === "" || text.length > 4_096)) {
    throw invalid("cursor", "must be the nextCursor of another page");
  }
  return text ?? "";
}

/** The UUID in a route's `:id`, or in another of its parameters. */
export function idOf({ request }: Exchange, parameter = "id"): string {
  const id = request.params[parameter];
  const uuid = typeof id === "string" ? id.toLowerCase() : "";
  if (!isUuid(uuid)) {
    throw invalid(parameter, "must be a UUID");
  }
  return uuid;
}
