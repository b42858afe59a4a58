import { escape as escapeText } from "mysql2";
import { isoTime } from "./iso-time.ts";
import { isUuid } from "./uuid.ts";

/*
 * Literals for multi-row statements on hot paths, where placeholders cost more than the rows.
 * Each function accepts only what it can write safely, and throws a TypeError otherwise.
 */

/** A UUID as a BINARY(16) literal. */
export function uuidLiteral(uuid: string): string {
  if (!isUuid(uuid)) {
    throw new TypeError("not a UUID");
  }
  return `X'${uuid.replaceAll("-", "")}'`;
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

/** A text, quoted and escaped. */
export function textLiteral(text: string): string {
  return escapeText(text);
}
