import { hash } from "node:crypto";
import type { Exchange } from "./exchange.ts";

/** A body that anybody may see, ready to be sent any number of times. */
export interface Tagged {
  body: string | Buffer;
  contentType: string;
  cacheControl: string;
  /** A strong one: of the body, byte by byte. */
  etag: string;
}

/** Makes a body ready. */
export function tagged(content: Omit<Tagged, "etag">): Tagged {
  return { ...content, etag: `"${hash("sha1", content.body, "base64url")}"` };
}

/**
 * Makes a value ready as JSON.
 *
 * Caches on the way may keep it but must ask each time whether it still holds. HTTP counts ages in
 * whole seconds: any second that they were allowed would come on top of the age it has here.
 */
export function taggedJson(value: unknown): Tagged {
  const text = JSON.stringify(value);
  const bytes = Buffer.from(text);
  return tagged({
    // Plain ASCII leaves faster as a text than as bytes.
    body: bytes.length === text.length ? text : bytes,
    contentType: "application/json; charset=utf-8",
    cacheControl: "public, no-cache",
  });
}

/** Answers with what is ready, or with 304 when the client has it already. */
export function sendTagged(exchange: Exchange, content: Tagged): void {
  const { body, contentType, cacheControl, etag } = content;
  exchange.headers.push("ETag", etag, "Cache-Control", cacheControl);
  const ifNoneMatch = exchange.request.headers["if-none-match"];
  if (ifNoneMatch !== undefined && isAmong(ifNoneMatch, etag)) {
    exchange.empty(304);
  } else {
    exchange.send(200, contentType, body);
  }
}

/** RFC 9110, section 13.1.2: weak comparison, a list, or `*`. */
function isAmong(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch
    .split(",")
    .map((part) => part.trim())
    .some((part) => part === "*" || part.replace(/^W\//, "") === etag);
}
