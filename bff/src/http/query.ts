import { type ParsedUrlQuery, parse } from "node:querystring";
import { isUuid } from "@tessera/service-kit/uuid";
import type { Exchange } from "./exchange.ts";
import { invalid, shownName } from "./invalid-request.ts";

/** No escape means it: it marks what has an escape that means nothing. */
const LONE_SURROGATE = "\ud800";

/**
 * What Express reads queries with. Node's parser left to itself drops what comes after the thousandth
 * parameter and mends escapes that are none, and tells nobody.
 */
export function readQuery(text: string): ParsedUrlQuery {
  return parse(text, "&", "=", { maxKeys: 0, decodeURIComponent: decoded });
}

/** Does not throw: the parser would catch it, and mend after all. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return `${text}${LONE_SURROGATE}`;
  }
}

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
    if (value.endsWith(LONE_SURROGATE)) {
      throw invalid(name, "must have no percent sign that begins no escape of UTF-8");
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
