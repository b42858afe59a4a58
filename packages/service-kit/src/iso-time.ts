/** A batch has two or three times in hundreds of rows: each is written out once. */
const WRITTEN = new Map<number, string>();
const WRITTEN_MAX = 64;

/** A time in RFC 3339, UTC, with milliseconds. Throws a RangeError on an invalid date. */
export function isoTime(time: Date): string {
  const ms = time.getTime();
  const known = WRITTEN.get(ms);
  if (known !== undefined) {
    return known;
  }
  const text = time.toISOString();
  if (WRITTEN.size === WRITTEN_MAX) {
    WRITTEN.clear();
  }
  WRITTEN.set(ms, text);
  return text;
}
