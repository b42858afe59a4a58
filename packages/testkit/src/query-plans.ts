import { tracingChannel } from "node:diagnostics_channel";
import { format } from "mysql2";
import type { Pool, PoolConnection, RowDataPacket } from "mysql2/promise";
import type { TestSchema } from "./mysql.ts";

/** What mysql2 says of a statement before it sends it. */
interface Traced {
  query: string;
  values?: unknown[];
  database: string;
}

/** The kinds of access that look up what they need; all others read on and on. */
const LOOKUPS = ["const", "system", "eq_ref", "ref", "ref_or_null", "range"];

/**
 * Runs `work`, and resolves to the statements that it sent to the schema and that find rows, with
 * their values in place. They are seen where the driver sends them: none can be forgotten.
 */
export async function statementsOf(
  schema: Pick<TestSchema, "url">,
  work: () => Promise<unknown>,
): Promise<string[]> {
  const database = new URL(schema.url).pathname.slice(1);
  const sent: string[] = [];
  const start = (message: unknown) => {
    const traced = message as Traced;
    if (traced.database === database) {
      sent.push(traced.values === undefined ? traced.query : withValues(traced));
    }
  };
  const channels = [tracingChannel("mysql2:query"), tracingChannel("mysql2:execute")];
  for (const channel of channels) {
    channel.start.subscribe(start);
  }
  try {
    await work();
  } finally {
    for (const channel of channels) {
      channel.start.unsubscribe(start);
    }
  }
  return sent
    .flatMap((sql) => sql.split(/;\s*\n/))
    .map((sql) => sql.trim())
    .filter((sql) => /^(SELECT|UPDATE|DELETE)\b[\s\S]*\b(FROM|SET)\b/i.test(sql));
}

/**
 * The faults of all statements that `work` sends to the schema, as {@link planFaults} finds them.
 * Rejects when there are fewer than `least` statements: what is not seen has no faults.
 */
export async function faultsOf(
  schema: Pick<TestSchema, "pool" | "url">,
  least: number,
  work: () => Promise<unknown>,
): Promise<string[]> {
  const statements = await statementsOf(schema, work);
  if (statements.length < least) {
    throw new Error(`fewer than ${least} statements were sent:\n${statements.join("\n")}`);
  }
  const faults: string[] = [];
  for (const statement of statements) {
    faults.push(...(await planFaults(schema.pool, statement)));
  }
  return faults;
}

/** A query that was formatted already has no place left for its values. */
function withValues({ query, values }: Traced): string {
  return query.includes("?") ? format(query, values as Parameters<typeof format>[1]) : query;
}

/**
 * What makes a statement cost more when its tables grow, in words; empty when nothing does: a scan,
 * a sort, a temporary table, or an index that is read beyond the rows that are asked for.
 *
 * The tables must have been analysed, and be large enough for indexes to be worth it.
 */
export async function planFaults(pool: Pool, statement: string): Promise<string[]> {
  const connection = await pool.getConnection();
  try {
    const [plan] = await connection.query<RowDataPacket[]>(
      `EXPLAIN FORMAT=TRADITIONAL ${statement}`,
    );
    const faults: string[] = [];
    for (const { table, type, key, Extra } of plan) {
      // No table is read, or none has such a row, or the rows came with the statement or from its own.
      if (type === null || /^Table function/.test(String(Extra)) || /^<derived/.test(table)) {
        continue;
      }
      const isWalk = type === "index" && (await isBoundedWalk(connection, statement));
      if (!LOOKUPS.includes(type) && !isWalk) {
        faults.push(`${table} is read by ${type} (${key})`);
      }
      if (/filesort|temporary|join buffer/i.test(String(Extra))) {
        faults.push(`${table}: ${Extra}`);
      }
    }
    return faults.map((fault) => `${fault}: ${statement.replaceAll(/\s+/g, " ").slice(0, 300)}`);
  } finally {
    connection.release();
  }
}

/** True when the walk along an index ends as soon as enough rows are found. */
async function isBoundedWalk(connection: PoolConnection, statement: string): Promise<boolean> {
  const limit = /\bLIMIT (\d+)$/i.exec(statement)?.[1];
  if (limit === undefined) {
    return false;
  }
  return (await stepsOf(connection, statement)) <= Number(limit);
}

/** How many steps along indexes and tables a statement makes. */
export async function stepsOf(connection: PoolConnection, statement: string): Promise<number> {
  const before = await stepsSoFar(connection);
  await connection.query(statement);
  return (await stepsSoFar(connection)) - before;
}

async function stepsSoFar(connection: PoolConnection): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SHOW SESSION STATUS WHERE Variable_name IN ('Handler_read_next', 'Handler_read_prev')",
  );
  return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
}
