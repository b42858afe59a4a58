import { uuidFromBytes } from "@tessera/service-kit/uuid";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import type { RowDataPacket } from "mysql2/promise";
import type { Sample } from "../../k6/lib/run-file.ts";
import { randomRows } from "../dataset/read-keys.ts";
import { mintTokens } from "../load-users.ts";
import type { LocalSystem } from "../local/system.ts";

/** Keys tried for each row wanted: some are of rows that a rollback took away. */
const TRIES = 2;
/** What people type before they look at what was found. */
const PREFIX_LENGTH = 4;

/**
 * Picks rows from all over the tables, by their keys and not by the order of anything: so many
 * events, and as many reservations with tokens of their owners.
 */
export async function takeSample(
  system: Pick<LocalSystem, "mysqlUrls" | "mysqlType" | "keyEncryptionKey">,
  size: number,
  tokenSeconds: number,
): Promise<Sample> {
  const events = await rowsFromAllOver(system.mysqlUrls.inventory, size, {
    table: "event",
    columns: "id, name",
  });
  const reservations = await rowsFromAllOver(system.mysqlUrls.reservation, size, {
    table: "reservation",
    columns: "id, user_id",
  });
  if (events.length === 0 || reservations.length === 0) {
    throw new OperatorError(
      'There is nothing to read. Load something first: "npm run dataset -- --help".',
    );
  }
  const owners = await mintTokens(
    reservations.map(({ user_id }) => uuidFromBytes(user_id)),
    { ...system, mysqlUrl: system.mysqlUrls.user, tokenSeconds },
  );
  return {
    eventIds: events.map(({ id }) => uuidFromBytes(id)),
    prefixes: events.map(({ name }) => [...String(name)].slice(0, PREFIX_LENGTH).join("")),
    reservations: reservations.map(({ id }, index) => ({
      id: uuidFromBytes(id),
      accessToken: owners[index]?.accessToken ?? "",
    })),
  };
}

async function rowsFromAllOver(
  url: string,
  size: number,
  { table, columns }: { table: string; columns: string },
): Promise<RowDataPacket[]> {
  const wish = { columns, count: size * TRIES, chance: Math.random };
  return (await randomRows(url, table, wish)).slice(0, size);
}
