import { hash } from "node:crypto";
import type { Exchange } from "./exchange.ts";

/**
 * Answers with JSON that anybody may see, and keep for a second: with an ETag of the content, and
 * with 304 when the client has it already.
 */
export function sendCached(exchange: Exchange, value: unknown): void {
  const body = JSON.stringify(value);
  sendTagged(exchange, {
    body,
    contentType: "application/json; charset=utf-8",
    cacheControl: "public, max-age=1",
  });
}

/** Answers with a body that changes seldom, and with 304 when the client has it already. */
export function sendTagged(
  exchange: Exchange,
  content: { body: string | Buffer; contentType: string; cacheControl: string },
): void {
  const { body, contentType, cacheControl } = content;
  const etag = `W/"${hash("sha1", body, "base64url")}"`;
  exchange.headers.push("ETag", etag, "Cache-Control", cacheControl);
  if (isFresh(exchange.request.headers["if-none-match"], etag)) {
    exchange.empty(304);
  } else {
    exchange.send(200, contentType, body);
  }
}

/** RFC 9110, section 13.1.2: weak comparison, a list, or `*`. */
function isFresh(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) {
    return false;
  }
  const opaque = etag.replace(/^W\//, "");
  return ifNoneMatch
    .split(",")
    .map((part) => part.trim())
    .some((part) => part === "*" || part.replace(/^W\//, "") === opaque);
}
