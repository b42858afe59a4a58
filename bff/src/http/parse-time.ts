const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})T(?:[01]\d|2[0-3]):\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** Reads an RFC 3339 time, to the millisecond; undefined when `text` is none. */
export function parseTime(text: string): Date | undefined {
  const match = RFC_3339.exec(text);
  if (match === null) {
    return undefined;
  }
  // Date takes the 30th of February for the 1st of March.
  const [year = 0, month = 0, day = 0] = match.slice(1, 4).map(Number);
  const isRealDay = day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
  const time = new Date(text);
  const isInRange = time.getUTCFullYear() >= 1970 && time.getUTCFullYear() <= 9999;
  return isRealDay && isInRange ? time : undefined;
}
