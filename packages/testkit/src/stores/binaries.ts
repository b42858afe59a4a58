import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Places of daemons that are not on everybody's PATH. */
const MORE_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin", "/usr/local/bin"];

/** The programs that private stores are run with; undefined where there is none. */
export interface StoreBinaries {
  mysql: MysqlBinaries | undefined;
  redis: string | undefined;
}

/** The programs of MariaDB, or of MySQL, which initialises itself. */
export type MysqlBinaries =
  | { type: "mariadb"; server: string; installer: string }
  | { type: "mysql"; server: string };

/** What people call the two. */
export const MYSQL_TITLES = { mariadb: "MariaDB", mysql: "MySQL" } as const;

/** Looks for the stores' programs on the PATH and in the usual places. */
export function findStoreBinaries(): StoreBinaries {
  return { mysql: findMysql(), redis: findProgram(["redis-server", "valkey-server"]) };
}

function findMysql(): MysqlBinaries | undefined {
  const server = findProgram(["mariadbd", "mysqld"]);
  if (server === undefined) {
    return undefined;
  }
  const { stdout } = spawnSync(server, ["--no-defaults", "--version"], { encoding: "utf8" });
  if (!/mariadb/i.test(stdout ?? "")) {
    return { type: "mysql", server };
  }
  const installer = findProgram(["mariadb-install-db", "mysql_install_db"]);
  return installer === undefined ? undefined : { type: "mariadb", server, installer };
}

/** The full path of the first of these programs that can be run. */
export function findProgram(names: readonly string[]): string | undefined {
  // biome-ignore lint/style/noProcessEnv: PATH is where programs are.
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...MORE_FOLDERS];
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => isExecutable(path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
