import { type Connection, createConnection } from "mysql2/promise";
import type { World } from "../world/world.ts";
import { breaking } from "./breaking.ts";
import type { Fault } from "./fault.ts";

/** So many of the newest rows of each table are locked, and what would come after them. */
const ROWS = 500;
/** How long a row may be waited for, in seconds; and how often it is tried. */
const LOCK_WAIT_SECONDS = 5;
const TRIES = 5;

/**
 * Somebody's transaction has the rows that everybody wants: whoever wants them keeps his
 * connection while he waits, until the pool has none left.
 */
export const POOL_EXHAUSTED: Fault = {
  name: "pool-exhausted",
  title: "A transaction holds the rows that all want, until the pools are empty",
  part: "mysql",
  lastsMs: [1_000, 6_000],
  mayCut: false,
  begin: async ({ mysqlUrls }, random) => {
    const [what, url, table] = random.pick([
      ["the ledger's rows", mysqlUrls.inventory, "event"],
      ["the reservations' rows", mysqlUrls.reservation, "reservation"],
    ] as const);
    let connection: Connection | undefined;
    return await breaking(
      `${what} are locked`,
      async () => {
        connection = await opened(url);
        await lockNewest(connection, table);
      },
      // Whatever a connection had locked is free when it has ended.
      async () => connection?.destroy(),
    );
  },
};

async function opened(url: World["mysqlUrls"]["inventory"]): Promise<Connection> {
  const connection = await createConnection({ uri: url, connectTimeout: 2_000 });
  // It may be ended by another fault, which ends this one.
  connection.on("error", () => undefined);
  await connection.query(`SET SESSION innodb_lock_wait_timeout = ${LOCK_WAIT_SECONDS}`);
  return connection;
}

/** Rows are many's, and who asks for all of them is often the one that a deadlock ends. */
async function lockNewest(connection: Connection, table: string): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      await connection.query("START TRANSACTION");
      await connection.query(`SELECT seq FROM ${table} ORDER BY seq DESC LIMIT ${ROWS} FOR UPDATE`);
      return;
    } catch (reason) {
      if (tried === TRIES) {
        throw reason;
      }
      await connection.query("ROLLBACK");
    }
  }
}
