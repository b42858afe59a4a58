import { setTimeout } from "node:timers/promises";
import { type Pool as CallbackPool, format } from "mysql2";
import type { Pool, PoolConnection, RowDataPacket } from "mysql2/promise";
import { DataSource, type EntitySchema, type MigrationInterface } from "typeorm";
import { within } from "./deadline.ts";
import { isPoolFull, isTimeout, isTransient, storeFailure } from "./mysql-failure.ts";
import { hasPulse, listenTo, whileAnswering } from "./mysql-pulse.ts";
import { driverTls, type MysqlTls } from "./mysql-tls.ts";
import { dependencyUnavailable, ServiceError } from "./service-error.ts";

/** A schema's tables, and how they came to be. */
export interface MysqlSchema {
  entities: EntitySchema[];
  migrations: (new () => MigrationInterface)[];
}

/** How to reach a schema. */
export interface MysqlOptions extends MysqlSchema {
  /** mysql://user:password@host:port/schema */
  url: string;
  /** Which dialect answers: MariaDB's differ in a few replies. */
  type: "mysql" | "mariadb";
  /** Whom to trust; `off` when absent. */
  tls?: MysqlTls;
  /** Connections at most. */
  poolSize: number;
  /** Callers that wait for a connection at most; one more fails at once. */
  maxWaiting: number;
}

/** How long a caller waits for a connection, in milliseconds: it hears of it within a second. */
const ACQUIRE_TIMEOUT_MS = 800;
/** How long a starting service waits for its database, in milliseconds. */
const CONNECT_DEADLINE_MS = 30_000;
/** How long one statement may take, in milliseconds. */
export const QUERY_TIMEOUT_MS = 2_500;
/** How long the check whether a schema answers waits, in milliseconds. */
export const CHECK_TIMEOUT_MS = 800;
/** How long `withConnection` waits for its work, in milliseconds. */
const WORK_TIMEOUT_MS = 10_000;
/** How long bringing a schema up to date may take, in milliseconds: a large table is rebuilt. */
const MIGRATE_TIMEOUT_MS = 60 * 60 * 1000;

/** How long a connection lies idle before it is closed, in milliseconds; the server waits longer. */
const IDLE_TIMEOUT_MS = 30_000;
/**
 * How long the server keeps a connection that says nothing, in seconds: the locks of a process that
 * was frozen, or whose host vanished, are kept for as long.
 */
const WAIT_TIMEOUT_SECONDS = 60;

/**
 * Gap locks of REPEATABLE READ serve nobody here: rows are locked by key. What does not fit is
 * refused, not cut, also where the server's own mode would not (Aurora's).
 */
const SESSION_SETTINGS = `SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET SESSION innodb_lock_wait_timeout = 1;
  SET SESSION wait_timeout = ${WAIT_TIMEOUT_SECONDS};
  SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'`;

/** Opens a schema's pool; the schema is not touched, and need not be reachable yet. */
export async function openMysql(options: MysqlOptions): Promise<DataSource> {
  const source = new DataSource({
    type: options.type,
    url: options.url,
    poolSize: options.poolSize,
    timezone: "Z",
    charset: "utf8mb4",
    connectTimeout: ACQUIRE_TIMEOUT_MS,
    ...driverTls(options.tls ?? "off"),
    entities: options.entities,
    migrations: options.migrations,
    synchronize: false,
    extra: {
      queueLimit: options.maxWaiting,
      // mysql2 closes what lies idle only where fewer may do so than there may be at all.
      maxIdle: options.poolSize - 1,
      idleTimeout: IDLE_TIMEOUT_MS,
      multipleStatements: true,
      enableKeepAlive: true,
      queryFormat: formatQuery,
    },
  });
  await connect(source);
  callbackPool(source).on("connection", (connection) => {
    connection.query(SESSION_SETTINGS, (failure) => {
      // A failure that nobody listens for would end the process.
      if (failure !== null) {
        connection.destroy();
      }
    });
  });
  listenTo(callbackPool(source), options);
  // The first connection came before anybody listened: the next one takes its place.
  (await poolOf(source).getConnection()).destroy();
  return source;
}

/** Puts values in place of `?`. A statement without values is not even searched for them. */
function formatQuery(sql: string, values: Parameters<typeof format>[1], timezone: string): string {
  const isPlain = values === undefined || (Array.isArray(values) && values.length === 0);
  return isPlain ? sql : format(sql, values, false, timezone);
}

/** Services start in any order: a schema that is not there yet is waited for. */
async function connect(source: DataSource): Promise<void> {
  const giveUpTime = Date.now() + CONNECT_DEADLINE_MS;
  for (;;) {
    try {
      await source.initialize();
      return;
    } catch (cause) {
      if (Date.now() > giveUpTime || !isTransient(cause)) {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new Error(`cannot reach the database that MYSQL_URL names: ${why}`, { cause });
      }
      await setTimeout(250);
    }
  }
}

/** The data source's own pool, for plain SQL on hot paths. */
export function poolOf(source: DataSource): Pool {
  return callbackPool(source).promise();
}

function callbackPool(source: DataSource): CallbackPool {
  // TypeORM keeps its mysql2 pool in its driver, untyped.
  return (source.driver as unknown as { pool: CallbackPool }).pool;
}

/**
 * Runs `work` with a connection of its own.
 *
 * Waiting for the connection has a deadline, and so has the work; of a database that fell silent
 * callers are told within a second. A connection on which something failed is closed rather than
 * returned: whatever transaction was open on it ends with it. Failures of the store become
 * DEPENDENCY_UNAVAILABLE, and leave open whether the work was done.
 */
export function withConnection<T>(
  pool: Pool,
  work: (connection: PoolConnection) => Promise<T>,
  { timeoutMs = WORK_TIMEOUT_MS }: { timeoutMs?: number } = {},
): Promise<T> {
  return whileAnswering(pool, () => connected(pool, work, timeoutMs));
}

async function connected<T>(
  pool: Pool,
  work: (connection: PoolConnection) => Promise<T>,
  timeoutMs: number,
): Promise<T> {
  const connection = await acquire(pool);
  try {
    const result = await within(timeoutMs, "work in MySQL", work(connection));
    connection.release();
    return result;
  } catch (reason) {
    if (reason instanceof ServiceError && reason.reason !== "DEADLINE_EXCEEDED") {
      await connection.query({ sql: "ROLLBACK", timeout: QUERY_TIMEOUT_MS }).then(
        () => connection.release(),
        () => connection.destroy(),
      );
      throw reason;
    }
    connection.destroy();
    if (isTimeout(reason)) {
      closeIdle(pool);
    }
    throw storeFailure(reason);
  }
}

/**
 * Closes what lies idle. A host that vanishes ends no connection: where one statement waited in
 * vain, the others' connections may be as dead, and each would cost a caller as long. Where the
 * statement was merely slow, they are made anew within milliseconds.
 */
function closeIdle(pool: Pool): void {
  const idle = pool.pool as unknown as CallbackPool & { _freeConnections: { length: number } };
  // Counted beforehand: a pool that is being closed gives none of them away.
  for (let left = idle._freeConnections.length; left > 0; left -= 1) {
    idle.getConnection((_failure, connection) => connection?.destroy());
  }
}

/** Runs `work` in a transaction: commits when it resolves, rolls back when it rejects. */
export function inTransaction<T>(
  pool: Pool,
  work: (connection: PoolConnection) => Promise<T>,
): Promise<T> {
  return withConnection(pool, async (connection) => {
    await connection.query("START TRANSACTION");
    const result = await work(connection);
    await connection.query("COMMIT");
    return result;
  });
}

/**
 * Runs statements as one transaction in one round trip: when one fails, those after it, the
 * COMMIT among them, are not run, and nothing of it stays.
 */
export async function transact(pool: Pool, statements: readonly string[]): Promise<void> {
  const sql = ["START TRANSACTION", ...statements, "COMMIT"].join(";\n");
  await withConnection(pool, (connection) => connection.query({ sql, timeout: QUERY_TIMEOUT_MS }));
}

async function acquire(pool: Pool): Promise<PoolConnection> {
  const pending = pool.getConnection();
  try {
    return await within(ACQUIRE_TIMEOUT_MS, "waiting for a MySQL connection", pending);
  } catch (reason) {
    // It may still come, after nobody waits for it any more.
    pending.then(
      (connection) => connection.release(),
      () => undefined,
    );
    throw storeFailure(reason);
  }
}

/**
 * Brings the schema up to date. Any number of runners may call it at once: they take turns.
 *
 * MySQL commits each DDL statement by itself, so migrations only ever add.
 */
export async function migrate(source: DataSource): Promise<string[]> {
  // MySQL names locks for the whole server: the schema's name keeps services apart.
  const lock = `tessera-migrate-${source.driver.database}`;
  const work = async (connection: PoolConnection) => {
    // As a text, which it is on both: as a number it is MariaDB's INT, but MySQL's BIGINT, and those
    // come as texts.
    const sql = "SELECT CAST(GET_LOCK(?, 60) AS CHAR) AS isMine";
    // It says nothing while the other connection migrates.
    await connection.query("SET SESSION wait_timeout = ?", [MIGRATE_TIMEOUT_MS / 1000]);
    const [rows] = await connection.query<RowDataPacket[]>(sql, [lock]);
    if (rows[0]?.isMine !== "1") {
      throw new Error(`another migration has been holding ${lock} for a minute`);
    }
    try {
      const done = await source.runMigrations({ transaction: "none" });
      return done.map(({ name }) => name);
    } finally {
      await connection.query("SELECT RELEASE_LOCK(?)", [lock]);
      await connection.query("SET SESSION wait_timeout = ?", [WAIT_TIMEOUT_SECONDS]);
    }
  };
  // A server that rebuilds a table may be slow to greet anybody.
  return await connected(poolOf(source), work, MIGRATE_TIMEOUT_MS);
}

/**
 * Rejects, within two seconds, while the schema does not answer. One whose connections are all busy
 * is slow, and greets: all replicas share the database, and would leave the service together.
 */
export async function checkMysql(source: DataSource): Promise<void> {
  const pool = poolOf(source);
  try {
    await withConnection(pool, (connection) => connection.query("SELECT 1"), {
      timeoutMs: CHECK_TIMEOUT_MS,
    });
  } catch (reason) {
    const cause = reason instanceof ServiceError ? reason.cause : reason;
    const isSlow = isTimeout(cause) || isPoolFull(cause);
    if (!isSlow || !(await hasPulse(pool))) {
      throw dependencyUnavailable("mysql", reason);
    }
  }
}
