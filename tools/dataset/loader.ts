import { Readable } from "node:stream";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { InfileWriter } from "./infile-writer.ts";
import { InsertWriter } from "./insert-writer.ts";
import { buildLateIndex, dropLateIndex } from "./late-index.ts";
import type { LoadTable } from "./load-table.ts";
import { moveProgress, openProgress } from "./progress-table.ts";
import type { RowWriter } from "./row-writer.ts";

/** How rows come to the server: as a file that is streamed, or as statements. */
export type LoadMethod = "infile" | "insert";

/** How one table is loaded. */
export interface LoadOptions {
  url: string;
  method: LoadMethod;
  spec: string;
  /** Told how many steps are done, often; the first time before anything is loaded. */
  onProgress: (done: number) => void;
  /** Told before the late index is built: that takes a while, and has no progress. */
  onLateIndex?: () => void;
  /** Looked at between transactions. */
  signal?: AbortSignal;
}

/** Bytes that are generated at once: a few milliseconds' worth. */
const BLOCK_BYTES = 256 * 1024;
/** Below the smallest `max_allowed_packet` that servers have by default. */
const INSERT_BYTES = 1_000_000;
/** How long one statement may take, in milliseconds. */
const STATEMENT_TIMEOUT_MS = 10 * 60_000;
/** How long a run waits for another one's end. */
const TURN_SECONDS = 120;

/**
 * Only this session: keys that the generator makes unique need not be looked up, and what a
 * crash of the server takes away is loaded again, because its progress is taken with it.
 */
const SESSION_SETTINGS = [
  "SET SESSION unique_checks = 0",
  "SET SESSION foreign_key_checks = 0",
  "SET SESSION time_zone = '+00:00'",
  "SET SESSION sql_mode = 'STRICT_ALL_TABLES'",
  "SET NAMES utf8mb4",
];

/** Which method the server at `url` allows. */
export async function methodOf(url: string): Promise<LoadMethod> {
  await using connection = await open(url);
  const [rows] = await connection.query<RowDataPacket[]>("SELECT @@local_infile AS isAllowed");
  return Number(rows[0]?.isAllowed) === 1 ? "infile" : "insert";
}

/** Loads what is missing of a table, in the order of its steps; resolves when all of it is there. */
export async function loadTable(table: LoadTable, options: LoadOptions): Promise<void> {
  const connection = await open(options.url);
  try {
    for (const setting of SESSION_SETTINGS) {
      await connection.query(setting);
    }
    await takeTurn(connection, table);
    const { base, nextStep } = await openProgress(connection, table, options.spec);
    await dropLateIndex(connection, table);
    const writeStep = table.rowsOf(base);
    options.onProgress(nextStep);
    let done = nextStep;
    while (done < table.steps && options.signal?.aborted !== true) {
      done = await loadSome(connection, { table, writeStep, options }, done);
    }
    await buildLateIndex(connection, table, options.onLateIndex);
    await connection.query(`ANALYZE TABLE ${table.table}`);
  } finally {
    connection.destroy();
  }
}

/** One run at a time. That of a run that was killed ends when the server notices. */
async function takeTurn(connection: Connection, { table }: LoadTable): Promise<void> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT GET_LOCK(CONCAT('dataset ', DATABASE(), ' ', ?), ?) AS isMine",
    [table, TURN_SECONDS],
  );
  if (Number(rows[0]?.isMine) !== 1) {
    throw new OperatorError("Another run is loading these databases.");
  }
}

interface Load {
  table: LoadTable;
  writeStep: (step: number, out: RowWriter) => void;
  options: LoadOptions;
}

/** Loads the next steps in one transaction; returns how many are done then. */
async function loadSome(connection: Connection, load: Load, from: number): Promise<number> {
  const { table, options } = load;
  const to = Math.min(table.steps, from + table.stepsAtOnce);
  await connection.query("START TRANSACTION");
  await (options.method === "infile"
    ? streamRows(connection, load, { from, to })
    : insertRows(connection, load, { from, to }));
  await moveProgress(connection, table, to);
  await connection.query("COMMIT");
  return to;
}

interface Range {
  from: number;
  to: number;
}

async function streamRows(connection: Connection, load: Load, { from, to }: Range): Promise<void> {
  const { table, writeStep, options } = load;
  const writer = new InfileWriter();
  let step = from;
  const writeBlock = () => {
    while (step < to && writer.length < BLOCK_BYTES) {
      writeStep(step, writer);
      step += 1;
    }
    options.onProgress(step);
    return writer.length === 0 ? null : writer.take();
  };
  const infileStreamFactory = () =>
    new Readable({
      read() {
        // The other table's turn comes in between.
        setImmediate(() => this.push(writeBlock()));
      },
    });
  const derived = Object.entries(table.derived).map(([column, from]) => `${column} = ${from}`);
  await connection.query({
    sql: `LOAD DATA LOCAL INFILE 'rows' INTO TABLE ${table.table} CHARACTER SET binary
      (${table.columns.join(", ")}) ${derived.length > 0 ? `SET ${derived.join(", ")}` : ""}`,
    infileStreamFactory,
    timeout: STATEMENT_TIMEOUT_MS,
  });
}

async function insertRows(connection: Connection, load: Load, { from, to }: Range): Promise<void> {
  const { table, writeStep, options } = load;
  const writer = new InsertWriter(Object.values(table.derived));
  const columns = [...table.columns, ...Object.keys(table.derived)];
  const into = `INSERT INTO ${table.table} (${columns.join(", ")}) VALUES `;
  for (let step = from; step < to; step += 1) {
    writeStep(step, writer);
    if (writer.length >= INSERT_BYTES || step === to - 1) {
      const sql = into + writer.take().toString();
      await connection.query({ sql, timeout: STATEMENT_TIMEOUT_MS });
      options.onProgress(step + 1);
    }
  }
}

async function open(uri: string): Promise<Connection> {
  const connection = await createConnection({ uri, timezone: "Z", connectTimeout: 10_000 });
  // A broken connection also fails the query that runs; nobody else listens.
  connection.on("error", () => undefined);
  return connection;
}
