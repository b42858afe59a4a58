import { uuidLiteral } from "@tessera/service-kit/sql-literal";
import { chunksOf } from "./chunks-of.ts";

/** From 1000 elements on, MariaDB turns an IN into a join with a table made of its list. */
const IN_LIST_MAX = 500;

/** A condition that `column` is one of `uuids`; false when there are none. */
export function sqlIn(column: string, uuids: readonly string[]): string {
  const parts = chunksOf(uuids, IN_LIST_MAX).map(
    (some) => `${column} IN (${some.map(uuidLiteral).join(",")})`,
  );
  return parts.length === 0 ? "FALSE" : `(${parts.join(" OR ")})`;
}
