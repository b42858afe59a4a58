import { uuidLiteral } from "@tessera/service-kit/sql-literal";

/** From 1000 elements on, MariaDB turns an IN into a join with a table made of its list. */
const IN_LIST_MAX = 500;

/** A condition that `column` is one of `uuids`; false when there are none. */
export function sqlIn(column: string, uuids: readonly string[]): string {
  const parts: string[] = [];
  for (let first = 0; first < uuids.length; first += IN_LIST_MAX) {
    const some = uuids.slice(first, first + IN_LIST_MAX).map(uuidLiteral);
    parts.push(`${column} IN (${some.join(",")})`);
  }
  return parts.length === 0 ? "FALSE" : `(${parts.join(" OR ")})`;
}
