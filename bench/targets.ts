import { once } from "node:events";
import { join } from "node:path";
import { administer } from "@tessera/testkit/administer";
import { select } from "@tessera/testkit/invariants/reader";
import { ROOT } from "@tessera/testkit/services";
import { freePort } from "@tessera/testkit/stores/ports";
import type { Session } from "../tools/local/session.ts";
import type { LocalSystem } from "../tools/local/system.ts";
import { postJson } from "./load.ts";

/** A program under load: where it listens, and its next request. */
export interface Target {
  port: number;
  request: (index: number) => string;
}

/** What the rivals have to sell: more than any load wants. */
const STOCK = 2_000_000_000;

/** The rivals, each one Express process; they use the same stores as Tessera, one at a time. */
export interface Rivals {
  /** (a) Express echoing JSON. */
  echo: Target;
  /** (b) One transaction a request: INSERT and conditional UPDATE. */
  sql: Target;
  /** (c) As (b), under one Redlock a request. */
  redlock: Target;
  /** Rows that should not be: bookings and stock must agree. */
  violations: () => Promise<string[]>;
}

/** Starts the rivals over a fresh table of their own. */
export async function startRivals(session: Session, system: LocalSystem): Promise<Rivals> {
  const mysqlUrl = system.mysqlUrls.inventory;
  await administer(
    mysqlUrl,
    "DROP TABLE IF EXISTS rival_booking, rival_stock",
    `CREATE TABLE rival_stock (event_id VARCHAR(36) PRIMARY KEY, available INT NOT NULL,
       CHECK (available >= 0)) ENGINE=InnoDB`,
    `CREATE TABLE rival_booking (id CHAR(36) PRIMARY KEY, event_id VARCHAR(36) NOT NULL,
       quantity INT NOT NULL) ENGINE=InnoDB`,
    `INSERT INTO rival_stock VALUES ('hot', ${STOCK})`,
  );
  const env = { MYSQL_URL: mysqlUrl, REDIS_URL: system.redisUrl };
  const body = JSON.stringify({ eventId: "hot", quantity: 1 });
  const start = async (file: string): Promise<Target> => {
    const port = await freePort();
    const child = session.children.spawn(`rival-${file}`, programOf(file), {
      env: { ...env, PATH: process.env.PATH, PORT: String(port) },
      stdio: ["ignore", "pipe", "inherit"],
      order: 0,
    });
    if (child.stdout !== null) {
      await once(child.stdout, "data");
    }
    return { port, request: () => postJson("/reservations", body) };
  };
  const [echo, sql, redlock] = await Promise.all([
    start("echo"),
    start("conditional-update"),
    start("redlock"),
  ]);
  return { echo, sql, redlock, violations: () => rivalViolations(mysqlUrl) };
}

function programOf(file: string): string[] {
  return [process.execPath, join(ROOT, "bench", "rivals", `${file}.ts`)];
}

async function rivalViolations(mysqlUrl: string): Promise<string[]> {
  const [row] = await select(
    mysqlUrl,
    `SELECT available, (SELECT COALESCE(SUM(quantity), 0) FROM rival_booking) AS booked
     FROM rival_stock`,
  );
  return Number(row?.available) + Number(row?.booked) === STOCK
    ? []
    : [`the rivals' stock is ${row?.available}, their bookings ${row?.booked}`];
}
