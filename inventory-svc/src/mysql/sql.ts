import { isUuid } from "@tessera/service-kit/uuid";

/** A UUID as SQL's 16 bytes. Throws when it is none: nothing else may reach a statement. */
export function sqlUuid(uuid: string): string {
  if (!isUuid(uuid)) {
    throw new TypeError("not a UUID");
  }
  return `X'${uuid.replaceAll("-", "")}'`;
}

/** An instant as SQL's DATETIME(3), in UTC. */
export function sqlTime(time: Date): string {
  return `'${time.toISOString().slice(0, 23).replace("T", " ")}'`;
}

/** A whole number. Throws when it is none. */
export function sqlInteger(value: number | bigint): string {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new TypeError("not a whole number");
  }
  return String(value);
}

/** From 1000 elements on, MariaDB turns an IN into a join with a table made of its list. */
const IN_LIST_MAX = 500;

/** A condition that `column` is one of `uuids`; false when there are none. */
export function sqlIn(column: string, uuids: readonly string[]): string {
  const parts: string[] = [];
  for (let first = 0; first < uuids.length; first += IN_LIST_MAX) {
    const some = uuids.slice(first, first + IN_LIST_MAX).map(sqlUuid);
    parts.push(`${column} IN (${some.join(",")})`);
  }
  return parts.length === 0 ? "FALSE" : `(${parts.join(" OR ")})`;
}
