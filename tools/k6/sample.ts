import { randomInt } from "node:crypto";
import { uuidFromBytes } from "@tessera/service-kit/uuid";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import type { Sample } from "../../k6/lib/run-file.ts";
import { mintTokens } from "../load-users.ts";
import type { LocalSystem } from "../local/system.ts";

/** Keys that one statement asks for. */
const CHUNK = 500;
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
  await using connection = await createConnection({ uri: url, connectTimeout: 5_000 });
  const [first, last] = await keyRange(connection, table);
  const keys = Array.from({ length: size * TRIES }, () => randomInt(first, last + 1));
  const found: RowDataPacket[] = [];
  for (let start = 0; start < keys.length && found.length < size; start += CHUNK) {
    const sql = `SELECT ${columns} FROM ${table} WHERE seq IN (?)`;
    const [rows] = await connection.query<RowDataPacket[]>(sql, [keys.slice(start, start + CHUNK)]);
    found.push(...rows);
  }
  return found.slice(0, size);
}

async function keyRange(connection: Connection, table: string): Promise<[number, number]> {
  const [[row]] = await connection.query<RowDataPacket[]>(
    `SELECT MIN(seq) AS first, MAX(seq) AS last FROM ${table}`,
  );
  return [Number(row?.first ?? 0), Number(row?.last ?? 0)];
}
