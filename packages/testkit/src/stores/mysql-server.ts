import { existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { createConnection } from "mysql2/promise";
import type { MysqlBinaries } from "./binaries.ts";
import type { Children } from "./children.ts";
import { OperatorError } from "./operator-error.ts";
import { rememberedPort } from "./ports.ts";
import { lastLines, rememberedSecret, StoreServer } from "./store-server.ts";

/** Where and how a private server is run. */
export interface PrivateMysqlOptions {
  binaries: MysqlBinaries;
  children: Children;
  name: string;
  /** Everything it keeps is below this folder. */
  folder: string;
  /** What its memory and its log are for. Defaults to "serving". */
  use?: MysqlUse;
  /** Memory for pages, in MiB; by its use otherwise. */
  bufferMib?: number;
  /** More options of the server, such as where its certificate is. */
  arguments?: readonly string[];
}

/**
 * Serving, a server shares the machine with the rest of the system; loading, it takes in tens of
 * millions of rows and has the machine nearly for itself. What it stores is the same.
 */
export type MysqlUse = "serving" | "loading";

/** In MiB. */
const GIB = 1024;

/** What to do when a server may not use its own folder: as Ubuntu ships MySQL, it may not. */
const GUARDED = `
If an AppArmor profile guards this server (Ubuntu's MySQL has one), it may open no files but its
service's. Install MariaDB beside it, which is taken first; or set MYSQL_URL to a server that runs;
or take the guard away: sudo apparmor_parser --remove /etc/apparmor.d/usr.sbin.mysqld`;

interface Room {
  /** The share of the machine's memory that pages have, and MiB that they have at most. */
  buffer: { share: number; maxMib: number };
  /** How much may be written before pages have to follow, in MiB. */
  redoMib: number;
  /** What an index is sorted in while it is built, in MiB; there are three such buffers for each. */
  sortMib: number;
}

/**
 * Seen with 30 million reservations: with a log of 512 MiB 115,000 of them a second at first and
 * 65,000 in the end, with one of 2 or 4 GiB 105,000 until the last index was built.
 */
const ROOM: Readonly<Record<MysqlUse, Room>> = {
  serving: { buffer: { share: 1 / 4, maxMib: 4 * GIB }, redoMib: GIB / 2, sortMib: 1 },
  loading: { buffer: { share: 1 / 3, maxMib: 8 * GIB }, redoMib: 2 * GIB, sortMib: 64 },
};

/**
 * Makes a private MySQL or MariaDB, durable, on a free port of 127.0.0.1. It is not started yet.
 *
 * A first initialisation that was interrupted is made again.
 */
export async function privateMysql(options: PrivateMysqlOptions): Promise<StoreServer> {
  const { folder, children, name, binaries, use = "serving" } = options;
  const bufferMib = options.bufferMib ?? bufferMibFor(use);
  mkdirSync(join(folder, "tmp"), { recursive: true });
  await initialise(options);
  const port = await rememberedPort(join(folder, "port"));
  const password = rememberedSecret(join(folder, "password"));
  const initFile = join(folder, "accounts.sql");
  writeFileSync(initFile, accountsSql(password), { mode: 0o600 });
  return new StoreServer({
    children,
    name,
    command: [
      binaries.server,
      ...commonArguments(pathsIn(folder)),
      ...serverArguments(port, { ...ROOM[use], bufferMib }),
      `--init-file=${initFile}`,
      `--pid-file=${join(folder, "server.pid")}`,
      ...(options.arguments ?? []),
    ],
    logFile: join(folder, "server.log"),
    url: `mysql://root:${password}@127.0.0.1:${port}`,
    ping: pingMysql,
    remedy: `Its data is in ${folder}. "npm start -- --fresh" throws it away and begins again.`,
  });
}

/** Resolves when the server at `url` answers a query. */
export async function pingMysql(url: string): Promise<void> {
  const connection = await createConnection({ uri: url, connectTimeout: 2_000 });
  try {
    await connection.query({ sql: "SELECT 1", timeout: 2_000 });
  } finally {
    connection.destroy();
  }
}

/** Which of the two dialects answers at `url`. */
export async function mysqlTypeOf(url: string): Promise<"mysql" | "mariadb"> {
  await using connection = await createConnection({ uri: url, connectTimeout: 5_000 });
  const [rows] = await connection.query("SELECT VERSION() AS version");
  return /mariadb/i.test(JSON.stringify(rows)) ? "mariadb" : "mysql";
}

/** A marker, written last, tells a finished initialisation from one that was cut off. */
async function initialise({ folder, binaries, children, name }: PrivateMysqlOptions) {
  const marker = join(folder, "initialised");
  const data = join(folder, "data");
  if (existsSync(marker)) {
    return;
  }
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data);
  const logFile = join(folder, "initialise.log");
  const log = openSync(logFile, "w");
  // The script takes paths with spaces apart, so it gets none below our folder; and in one that
  // servers share, its server would remove what looks like an earlier one's temporary tables.
  const temporary = mkdtempSync(join(tmpdir(), "tessera-mysql-"));
  const command =
    binaries.type === "mariadb"
      ? [
          binaries.installer,
          ...commonArguments({ data: "./data", temporary }),
          "--auth-root-authentication-method=normal",
          "--skip-test-db",
        ]
      : [binaries.server, ...commonArguments(pathsIn(folder)), "--initialize-insecure"];
  try {
    await children.run(`${name}-initialise`, command, {
      ...{ cwd: folder, stdio: ["ignore", log, log], order: 0 },
    });
  } catch (cause) {
    // MariaDB's installer goes on for long about where to ask.
    const errors = lastLines(logFile, 100)
      .split("\n")
      .filter((line) => line.includes("[ERROR]"));
    const lines = errors.slice(0, 8).join("\n") || lastLines(logFile, 8);
    const remedy = /permission denied/i.test(lines) ? GUARDED : "";
    throw new OperatorError(`the database cannot be initialised:\n${lines}${remedy}`, { cause });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  writeFileSync(marker, binaries.type);
}

function pathsIn(folder: string) {
  // In a temporary folder that servers share, one that starts removes the tables of the others.
  return { data: join(folder, "data"), temporary: join(folder, "tmp") };
}

function commonArguments({ data, temporary }: { data: string; temporary: string }): string[] {
  // Both refuse to run as root by accident, so root has to say it.
  const user = process.getuid?.() === 0 ? ["--user=root"] : [];
  return [
    "--no-defaults",
    `--datadir=${data}`,
    `--tmpdir=${temporary}`,
    // Where MySQL is built to look, there is a folder only if it was installed as a service.
    `--secure-file-priv=${temporary}`,
    ...user,
  ];
}

/** Options that only one of the two knows begin with `loose`. */
function serverArguments(
  port: number,
  { bufferMib, redoMib, sortMib }: { bufferMib: number; redoMib: number; sortMib: number },
): string[] {
  return [
    "--bind-address=127.0.0.1",
    `--port=${port}`,
    // Everybody comes by TCP; a killed server would leave its socket behind.
    "--socket=",
    "--loose-mysqlx=0",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--max-connections=500",
    "--performance-schema=OFF",
    // Data sets are streamed; off in MySQL when nothing is said.
    "--local-infile=ON",
    "--character-set-server=utf8mb4",
    "--innodb-flush-log-at-trx-commit=1",
    `--innodb-buffer-pool-size=${bufferMib}M`,
    `--loose-innodb-log-file-size=${redoMib}M`,
    `--loose-innodb-redo-log-capacity=${redoMib}M`,
    `--innodb-sort-buffer-size=${sortMib}M`,
    // Only used where statements have no deadline of their own.
    "--lock-wait-timeout=60",
  ];
}

function bufferMibFor(use: MysqlUse): number {
  const { share, maxMib } = ROOM[use].buffer;
  return Math.min(maxMib, Math.floor((totalmem() * share) / 1024 ** 2));
}

/** Run at every start: root has a password, and nobody else may come in. One statement a line. */
function accountsSql(password: string): string {
  return [
    `ALTER USER 'root'@'localhost' IDENTIFIED BY '${password}'`,
    `CREATE USER IF NOT EXISTS 'root'@'127.0.0.1' IDENTIFIED BY '${password}'`,
    `ALTER USER 'root'@'127.0.0.1' IDENTIFIED BY '${password}'`,
    "GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION",
    "DROP USER IF EXISTS ''@'localhost'",
  ]
    .map((statement) => `${statement};\n`)
    .join("");
}
