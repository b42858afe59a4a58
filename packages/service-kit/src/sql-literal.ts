import { escape as escapeText } from "mysql2";
import { isoTime } from "./iso-time.ts";
import { isUuid } from "./uuid.ts";

/*
 * Literals for multi-row statements on hot paths, where placeholders cost more than the rows.
 * Each function accepts only what it can write safely, and throws a TypeError otherwise.
 */

/** Printable, and neither an apostrophe nor a backslash: what means itself between apostrophes. */
const PLAIN_ASCII = /^[\x20-\x26\x28-\x5b\x5d-\x7e]*$/;

/** A UUID as a BINARY(16) literal. */
export function uuidLiteral(uuid: string): string {
  return `X'${hexOf(uuid)}'`;
}

/**
 * A table to select from, of UUIDs in hexadecimal: UNHEX makes them BINARY(16).
 *
 * Whether a long list of keys is looked up, or all that begins like them is read, the optimizer
 * decides by what it last counted; what is asked of each row of this table is looked up.
 */
export function uuidTable(
  alias: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const hex = rows.map((row) => row.map(hexOf));
  const paths = columns.map((name, index) => `${name} CHAR(32) PATH '$[${index}]'`);
  return `JSON_TABLE('${JSON.stringify(hex)}', '$[*]' COLUMNS (${paths.join(", ")})) AS ${alias}`;
}

/** Bytes as a literal. */
export function bytesLiteral(bytes: Buffer): string {
  return `X'${bytes.toString("hex")}'`;
}

/** A time as a DATETIME(3) literal in UTC. Throws a RangeError on an invalid date. */
export function timeLiteral(time: Date): string {
  // 2026-01-02T03:04:05.678Z → 2026-01-02 03:04:05.678
  const text = isoTime(time);
  return `'${text.slice(0, 10)} ${text.slice(11, 23)}'`;
}

/** A whole number. */
export function integerLiteral(value: number): string {
  if (!Number.isSafeInteger(value)) {
    throw new TypeError("not a whole number");
  }
  return String(value);
}

/** A text, quoted and escaped. The library escapes double quotes as well, of which JSON is full. */
export function textLiteral(text: string): string {
  return PLAIN_ASCII.test(text) ? `'${text}'` : escapeText(text);
}

function hexOf(uuid: string): string {
  if (!isUuid(uuid)) {
    throw new TypeError("not a UUID");
  }
  return uuid.replaceAll("-", "");
}
