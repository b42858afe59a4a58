import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { violationsOf } from "@tessera/testkit/invariants";
import { mysqlUrl } from "@tessera/testkit/mysql";
import type { PerSchema } from "@tessera/testkit/schemas";
import { ROOT } from "@tessera/testkit/services";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { isLocal } from "../tools/dataset/databases.ts";
import { loadedSpec } from "../tools/dataset/load-dataset.ts";
import { bytesLoaded, bytesNeeded, checkSpace } from "../tools/dataset/space.ts";
import { DATASET_PASSWORD, emailOf } from "../tools/dataset/user-rows.ts";
import { readConfig } from "../user-svc/src/config.ts";
import { PasswordHasher } from "../user-svc/src/crypto/password-hasher.ts";
import { DATE, TINY, useDatasets } from "./use-dataset.ts";

const TABLES = [
  ["inventory", "event"],
  ["inventory", "stock"],
  ["inventory", "allocation"],
  ["reservation", "reservation"],
  ["user", "user"],
] as const;

describe("the data set", () => {
  const { newPrefix, emptySchemas, load, select } = useDatasets();

  /** What is in each table, as a number that any other content would change. */
  async function checksums(urls: PerSchema): Promise<string[]> {
    const sums = TABLES.map(async ([schema, table]) => {
      const [row] = await select(urls[schema], `CHECKSUM TABLE ${table} EXTENDED`);
      return `${table} ${row?.Checksum}`;
    });
    return await Promise.all(sums);
  }

  /** The index that is built last. */
  async function hasUserIndex(urls: PerSchema): Promise<boolean> {
    const indexes = await select(urls.reservation, "SHOW INDEX FROM reservation");
    return indexes.some(({ Key_name }) => Key_name === "reservation_user");
  }

  it("is the same by files and by statements, and the ledger adds up", async () => {
    const [files, statements, others] = await Promise.all([
      emptySchemas(),
      emptySchemas(),
      emptySchemas(),
    ]);
    await load(files, { method: "infile" });
    await load(statements, { method: "insert" });
    await load(others, { seed: 2 });
    const sums = await checksums(files);
    expect(sums.filter((sum) => sum.endsWith(" 0"))).to.deep.equal([]);
    expect(await checksums(statements)).to.deep.equal(sums);
    const different = (await checksums(others)).filter((sum) => !sums.includes(sum));
    expect(different).to.have.length(TABLES.length);
    expect(await violationsOf(files, { isSettled: true })).to.deep.equal([]);
    expect(await loadedSpec(files.user)).to.deep.equal({ ...TINY, seed: 1, dateMs: DATE });
  });

  describe("once it is loaded", () => {
    let urls: PerSchema;
    before(async () => {
      urls = await emptySchemas();
      await load(urls);
    });

    it("has all that was asked for, and a repeat changes nothing", async () => {
      const before = await checksums(urls);
      expect((await load(urls)).isWhole).to.equal(true);
      expect(await checksums(urls)).to.deep.equal(before);
      for (const [schema, table, count] of [
        ["inventory", "event", TINY.events],
        ["inventory", "allocation", TINY.reservations],
        ["reservation", "reservation", TINY.reservations],
        ["user", "user", TINY.users],
      ] as const) {
        const [row] = await select(urls[schema], `SELECT COUNT(*) AS count FROM ${table}`);
        expect(row?.count, table).to.equal(count);
      }
    });

    it("leaves no index out", async () => {
      expect(await hasUserIndex(urls)).to.equal(true);
    });

    it("has a few hot events, a few great buyers, and some of every state", async () => {
      const counts = async (column: string) => {
        const rows = await select(
          urls.reservation,
          `SELECT COUNT(*) AS count FROM reservation GROUP BY ${column} ORDER BY count DESC`,
        );
        return rows.map(({ count }): number => count);
      };
      const byEvent = await counts("event_id");
      expect(byEvent[0]).to.be.greaterThan(20 * (byEvent[byEvent.length >> 1] ?? 0));
      const byUser = await counts("user_id");
      expect(byUser[0]).to.be.greaterThan(10 * (byUser[byUser.length >> 1] ?? 0));
      const states = await select(
        urls.reservation,
        "SELECT state FROM reservation GROUP BY state ORDER BY state",
      );
      expect(states.map(({ state }) => state)).to.deep.equal([1, 3, 4, 5]);
    });

    it("has events before, during and after their sale", async () => {
      const [row] = await select(
        urls.inventory,
        `SELECT SUM(sales_open_time > '2030-01-01') AS before_sale,
           SUM(sales_open_time <= '2030-01-01' AND sales_close_time > '2030-01-01') AS on_sale,
           SUM(sales_close_time <= '2030-01-01') AS after_sale FROM event`,
      );
      for (const part of ["before_sale", "on_sale", "after_sale"]) {
        expect(Number(row?.[part]), part).to.be.greaterThan(5);
      }
    });

    it("gives sweepers nothing to do for years", async () => {
      const [due] = await select(
        urls.reservation,
        `SELECT COUNT(due_time) AS held, MIN(due_time) > '2038-01-01' AS isLater FROM reservation`,
      );
      expect(Number(due?.held)).to.be.greaterThan(0);
      expect(due?.isLater).to.equal(1);
      const [lapse] = await select(
        urls.inventory,
        "SELECT MIN(expire_time) > '2038-01-01' AS isLater FROM allocation WHERE state = 1",
      );
      expect(lapse?.isLater).to.equal(1);
    });

    it("has accounts that the documented password signs in to, at today's cost", async () => {
      const [row] = await select(
        urls.user,
        `SELECT password_hash FROM user WHERE email_key = '${emailOf(7)}'`,
      );
      const { argon2Cost: cost } = readConfig({
        MYSQL_URL: urls.user,
        KEY_ENCRYPTION_KEY: Buffer.alloc(32).toString("base64"),
      });
      const passwords = await PasswordHasher.create({ cost });
      expect(await passwords.verify(row?.password_hash, DATASET_PASSWORD)).to.equal(true);
      expect(passwords.isOutdated(row?.password_hash)).to.equal(false);
    });

    it("lets nobody put another one on top of it", async () => {
      const failure = await load(urls, { seed: 9 }).catch((reason: Error) => reason);
      expect(String(failure)).to.contain("hold another data set").and.contain("--seed 1");
    });

    it("says how much room it needs, and does not begin without", async () => {
      expect(await bytesLoaded(urls)).to.be.greaterThan(0);
      const said: string[] = [];
      await checkSpace(urls.inventory, bytesNeeded(TINY), (text) => said.push(text));
      expect(said.join()).to.contain("It will take about");
      const tooMuch = await checkSpace(urls.inventory, 1e18, () => undefined).catch(
        (reason: Error) => reason,
      );
      expect(String(tooMuch)).to.contain("Make room, or ask for less");
    });
  });

  it("comes after what is there already", async () => {
    const urls = await emptySchemas();
    const insert = `INSERT INTO event (id, organiser_id, request_hash, name, venue, start_time,
        sales_open_time, sales_close_time, hold_seconds, max_per_user, currency, create_time)
      VALUES (UNHEX(REPLACE(UUID(), '-', '')), '', '', 'Own', 'Hall', NOW(), NOW(), NOW(), 600, 8,
        'EUR', NOW())`;
    await select(urls.inventory, insert);
    await load(urls);
    await select(urls.inventory, insert);
    const own = await select(urls.inventory, "SELECT seq FROM event WHERE name = 'Own'");
    expect(own.map(({ seq }) => Number(seq))).to.deep.equal([1, TINY.events + 2]);
  });

  describe("stopped in the middle", () => {
    // Ten transactions: one before the signal, one that SIGINT lets end, and some that are left.
    const counts = { events: 5_000, users: 5_000, reservations: 120_000 };
    let whole: string[];
    before(async () => {
      const urls = await emptySchemas();
      await load(urls, { counts });
      whole = await checksums(urls);
    });

    for (const [signal, code, hasIndex] of [
      ["SIGINT", 130, true],
      ["SIGKILL", null, false],
    ] as const) {
      it(`goes on after ${signal}, and has nothing twice`, async () => {
        const prefix = newPrefix();
        const urls = await emptySchemas(prefix);
        const args = ["--url", mysqlUrl(), "--prefix", prefix, "--date", "2030-01-01"];
        const sizes = Object.entries(counts).flatMap(([name, count]) => [`--${name}`, `${count}`]);
        const program = join(ROOT, "tools", "dataset.ts");
        const run = spawn(process.execPath, [program, ...args, ...sizes], { stdio: "ignore" });
        const ended = once(run, "exit");
        const progressOf = async () => {
          const rows = await select(
            urls.reservation,
            "SELECT next_step FROM dataset_progress WHERE name = 'reservation'",
          ).catch(() => []);
          return Number(rows[0]?.next_step ?? 0);
        };
        await until("the first reservations", async () => (await progressOf()) > 0, {
          patienceMs: 40_000,
        });
        run.kill(signal);
        expect((await ended)[0]).to.equal(code);
        expect(await progressOf()).to.be.lessThan(counts.reservations);
        expect(await hasUserIndex(urls)).to.equal(hasIndex);

        expect((await load(urls, { counts })).isWhole).to.equal(true);
        expect(await hasUserIndex(urls)).to.equal(true);
        expect(await checksums(urls)).to.deep.equal(whole);
        expect(await violationsOf(urls, { isSettled: true })).to.deep.equal([]);
      });
    }
  });

  it("stays on this machine unless told otherwise", () => {
    expect(isLocal("mysql://root@127.0.0.1:3306")).to.equal(true);
    expect(isLocal("mysql://root@db.example.test:3306")).to.equal(false);
  });
});
