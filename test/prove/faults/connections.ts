import { setTimeout } from "node:timers/promises";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import type { World } from "../world/world.ts";
import { breaking } from "./breaking.ts";
import type { Fault } from "./fault.ts";

/** The fewest connections that MariaDB can be told to allow. */
const FEWEST = 10;
/** How long it may take to allow them again, in milliseconds: it may be paused as well. */
const HEAL_DEADLINE_MS = 30_000;
/** Of one try. */
const STATEMENT_DEADLINE_MS = 5_000;

/** Services find their connections ended, and cannot make as many new ones as they want. */
export const CONNECTIONS_USED_UP: Fault = {
  name: "connections-used-up",
  title: "MySQL has no connection left for most",
  part: "mysql",
  lastsMs: [1_000, 5_000],
  mayCut: false,
  begin: async ({ mysql }) => {
    let usual: number | undefined;
    return await breaking(
      `MySQL allows ${FEWEST} connections`,
      () =>
        asAdministrator(mysql, async (connection) => {
          usual = await allowed(connection);
          await connection.query(`SET GLOBAL max_connections = ${FEWEST}`);
          await endOthers(connection);
        }),
      async () => {
        if (usual !== undefined) {
          await allowAgain(mysql, usual);
        }
      },
    );
  },
};

async function allowed(connection: Connection): Promise<number> {
  const [[row]] = await connection.query<RowDataPacket[]>(
    "SELECT @@GLOBAL.max_connections AS allowed",
  );
  return Number(row?.allowed);
}

async function endOthers(connection: Connection): Promise<void> {
  const [others] = await connection.query<RowDataPacket[]>(
    `SELECT id FROM information_schema.processlist
     WHERE id <> CONNECTION_ID() AND user LIKE '%tessera%'`,
  );
  for (const { id } of others) {
    // One that has ended by itself meanwhile is as good.
    await connection.query(`KILL CONNECTION ${Number(id)}`).catch(() => undefined);
  }
}

/** One connection more than what is allowed is kept for administrators. */
async function allowAgain(mysql: World["mysql"], usual: number): Promise<void> {
  const giveUpTime = Date.now() + HEAL_DEADLINE_MS;
  // One that was started again allows the usual number by itself.
  while (mysql.isRunning) {
    try {
      await asAdministrator(mysql, (connection) =>
        connection.query(`SET GLOBAL max_connections = ${usual}`),
      );
      return;
    } catch (reason) {
      if (Date.now() > giveUpTime) {
        throw reason;
      }
      await setTimeout(50);
    }
  }
}

async function asAdministrator(
  { url }: World["mysql"],
  work: (connection: Connection) => Promise<unknown>,
): Promise<void> {
  const connection = await createConnection({ uri: url, connectTimeout: STATEMENT_DEADLINE_MS });
  // A connection that breaks fails the statement that is under way.
  connection.on("error", () => undefined);
  const late = AbortSignal.timeout(STATEMENT_DEADLINE_MS);
  late.addEventListener("abort", () => connection.destroy(), { once: true });
  try {
    await work(connection);
  } finally {
    connection.destroy();
  }
}
