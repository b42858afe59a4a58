import { escape as escapeText } from "mysql2";
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

/** A batch has two or three times in hundreds of rows: each is written out once. */
const TIME_LITERALS = new Map<number, string>();
const TIME_LITERALS_MAX = 64;

/** A time as a DATETIME(3) literal in UTC. */
export function timeLiteral(time: Date): string {
  const known = TIME_LITERALS.get(time.getTime());
  if (known !== undefined) {
    return known;
  }
  // 2026-01-02T03:04:05.678Z → 2026-01-02 03:04:05.678; throws a RangeError on an invalid date.
  const text = time.toISOString();
  const literal = `'${text.slice(0, 10)} ${text.slice(11, 23)}'`;
  if (TIME_LITERALS.size === TIME_LITERALS_MAX) {
    TIME_LITERALS.clear();
  }
  TIME_LITERALS.set(time.getTime(), literal);
  return literal;
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
