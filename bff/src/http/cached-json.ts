import { hash } from "node:crypto";
import type { Exchange } from "./exchange.ts";

/** JSON that anybody may see, ready to be sent any number of times. */
export interface ReadyJson {
  /** A text when it is plain ASCII, which leaves faster than bytes; bytes otherwise. */
  body: string | Buffer;
  /** A strong one: of the body, byte by byte. */
  etag: string;
}

const JSON_TYPE = "application/json; charset=utf-8";

/** Makes a value ready. */
export function readyJson(value: unknown): ReadyJson {
  const text = JSON.stringify(value);
  const bytes = Buffer.from(text);
  return { body: bytes.length === text.length ? text : bytes, etag: etagOf(text) };
}

/** How many bytes it has. */
export function sizeOfJson({ body }: ReadyJson): number {
  return body.length;
}

/**
 * Answers with what is ready, or with 304 when the client has it already.
 *
 * Caches on the way may keep it but must ask each time whether it still holds. HTTP counts ages in
 * whole seconds: any second that they were allowed would come on top of the age it has here.
 */
export function sendReady(exchange: Exchange, { body, etag }: ReadyJson): void {
  const content = { body, contentType: JSON_TYPE, cacheControl: "public, no-cache" };
  sendWith(exchange, etag, content);
}

interface Content {
  body: string | Buffer;
  contentType: string;
  cacheControl: string;
}

/** Answers with a body that changes seldom, and with 304 when the client has it already. */
export function sendTagged(exchange: Exchange, content: Content): void {
  sendWith(exchange, etagOf(content.body), content);
}

function sendWith(exchange: Exchange, etag: string, content: Content): void {
  exchange.headers.push("ETag", etag, "Cache-Control", content.cacheControl);
  const ifNoneMatch = exchange.request.headers["if-none-match"];
  if (ifNoneMatch !== undefined && isAmong(ifNoneMatch, etag)) {
    exchange.empty(304);
  } else {
    exchange.send(200, content.contentType, content.body);
  }
}

function etagOf(body: string | Buffer): string {
  return `"${hash("sha1", body, "base64url")}"`;
}

/** RFC 9110, section 13.1.2: weak comparison, a list, or `*`. */
function isAmong(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch
    .split(",")
    .map((part) => part.trim())
    .some((part) => part === "*" || part.replace(/^W\//, "") === etag);
}
