import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useOwnMysql, useOwnRedis } from "@tessera/testkit/processes";
import { rejectionOf } from "@tessera/testkit/rejection";
import { findStoreBinaries } from "@tessera/testkit/stores/binaries";
import { Children, stopRecorded } from "@tessera/testkit/stores/children";
import { mysqlTypeOf, pingMysql, privateMysql } from "@tessera/testkit/stores/mysql-server";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { pingRedis } from "@tessera/testkit/stores/redis-server";
import { openStores } from "@tessera/testkit/stores/stores";
import { expect } from "chai";
import { Redis } from "ioredis";
import { createConnection, type RowDataPacket } from "mysql2/promise";

/** What a small MySQL below `folder` is made of. */
function smallMysql(folder: string) {
  const { mysql: binaries } = findStoreBinaries();
  if (binaries === undefined) {
    throw new Error("this test needs mariadbd or mysqld");
  }
  const children = new Children(join(folder, "run"));
  return { binaries, children, name: "mysql", folder: join(folder, "mysql"), bufferMib: 32 };
}

describe("a Redis of its own", () => {
  const own = useOwnRedis();

  it("keeps its address and its data when it is stopped and started again", async () => {
    const redis = new Redis(own.server.url);
    await redis.set("a", "1");
    redis.disconnect();

    await own.server.stop();
    await rejectionOf(pingRedis(own.server.url));
    await own.server.start();

    const again = new Redis(own.server.url);
    expect(await again.get("a")).to.equal("1");
    again.disconnect();
  });

  it("wants its password", async () => {
    const url = new URL(own.server.url);
    url.password = "";
    await rejectionOf(pingRedis(url.href));
  });
});

describe("a MySQL of its own", () => {
  const own = useOwnMysql();

  it("keeps what was committed when it is killed", async () => {
    const before = await createConnection(own.server.url);
    await before.query("CREATE DATABASE kept");
    await before.query("CREATE TABLE kept.t (id INT PRIMARY KEY)");
    await before.query("INSERT INTO kept.t VALUES (7)");
    before.destroy();

    own.server.signal("SIGKILL");
    await own.server.stop();
    await own.server.start();

    const after = await createConnection(own.server.url);
    const [rows] = await after.query("SELECT id FROM kept.t");
    expect(rows).to.deep.equal([{ id: 7 }]);
    await after.end();
  });

  it("may be in a folder with a space in its name", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tessera store "));
    const options = smallMysql(folder);
    try {
      const server = await privateMysql(options);
      await server.start();
      await pingMysql(server.url);
    } finally {
      await options.children.stopAll();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("lets nobody in without its password", async () => {
    const url = new URL(own.server.url);
    url.password = "";
    await rejectionOf(pingMysql(url.href));
    url.username = "anyone";
    await rejectionOf(pingMysql(url.href));
  });

  it("says which dialect it speaks", async () => {
    expect(await mysqlTypeOf(own.server.url)).to.equal(findStoreBinaries().mysql?.type);
  });
});

describe("servers that exist already", () => {
  const folder = mkdtempSync(join(tmpdir(), "tessera-test-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const named of [
    { mysqlUrl: "foo" },
    { mysqlUrl: "postgres://ada:secret@127.0.0.1:1" },
    { redisUrl: "http://:secret@127.0.0.1:1" },
    { redisUrl: "127.0.0.1:6379" },
  ]) {
    it(`are refused at once under ${JSON.stringify(named)}`, async () => {
      const children = new Children(join(folder, "run"));
      const failure = await rejectionOf(
        openStores({
          ...{ folder: join(folder, "stores"), children, ...named },
          say: () => undefined,
          onStop: () => undefined,
        }),
      );
      expect(failure).to.be.instanceOf(OperatorError);
      expect(String(failure)).to.match(/(MYSQL|REDIS)_URL must be an address/);
      expect(String(failure)).not.to.contain("secret");
    });
  }

  it("tell why they cannot be reached, and where", async () => {
    const failure = await rejectionOf(pingRedis("redis://127.0.0.1:1"));
    expect(String(failure)).to.contain("ECONNREFUSED 127.0.0.1:1");
  });
});

describe("a folder of data", () => {
  const folder = mkdtempSync(join(tmpdir(), "tessera-test-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is made again when its initialisation was cut off", async () => {
    const options = smallMysql(folder);
    await privateMysql(options);
    rmSync(join(options.folder, "initialised"));
    writeFileSync(join(options.folder, "data", "ibdata1"), "cut off");

    const server = await privateMysql(options);
    await server.start();
    await pingMysql(server.url);
    await options.children.stopAll();
  });

  it("is made without a trace in the machine's own temporary folder", async () => {
    const { env } = process;
    const { TMPDIR } = env;
    const shared = mkdtempSync(join(tmpdir(), "tessera-test-"));
    // What looks like a temporary table is removed by whichever server starts there.
    writeFileSync(join(shared, "#sql-temptable-1.MAI"), "another server's");
    env.TMPDIR = shared;
    try {
      await privateMysql(smallMysql(mkdtempSync(join(folder, "made-"))));
      expect(readdirSync(shared)).to.deep.equal(["#sql-temptable-1.MAI"]);
    } finally {
      if (TMPDIR === undefined) {
        delete env.TMPDIR;
      } else {
        env.TMPDIR = TMPDIR;
      }
      rmSync(shared, { recursive: true, force: true });
    }
  });

  it("that its server may not use says what to do", async () => {
    const server = join(folder, "guarded");
    const words = "mysqld: Can't read dir of '/home/ada' (OS errno 13 - Permission denied)";
    writeFileSync(server, `#!/bin/sh\necho "${words}" >&2\nexit 1\n`, { mode: 0o700 });
    const failure = await rejectionOf(
      privateMysql({
        binaries: { type: "mysql", server },
        children: new Children(join(folder, "guarded-run")),
        name: "mysql",
        folder: join(folder, "guarded-mysql"),
      }),
    );
    expect(failure).to.be.instanceOf(OperatorError);
    expect(String(failure)).to.contain(words).and.to.contain("set MYSQL_URL");
  });
});

describe("a MySQL that was loading", () => {
  const folder = mkdtempSync(join(tmpdir(), "tessera-test-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is killed, and serves what was committed", async () => {
    const options = smallMysql(folder);
    const loading = await privateMysql({ ...options, use: "loading" });
    await loading.start();
    const before = await createConnection(loading.url);
    const [[sort]] = await before.query<RowDataPacket[]>(
      "SELECT @@innodb_sort_buffer_size AS size",
    );
    expect(sort?.size).to.equal(64 * 1024 ** 2);
    await before.query("CREATE DATABASE kept");
    await before.query("CREATE TABLE kept.t (id INT PRIMARY KEY)");
    await before.query("INSERT INTO kept.t VALUES (7)");
    before.destroy();
    loading.signal("SIGKILL");
    await loading.stop();

    const serving = await privateMysql(options);
    await serving.start();
    const later = await createConnection(serving.url);
    const [rows] = await later.query("SELECT id FROM kept.t");
    expect(rows).to.deep.equal([{ id: 7 }]);
    const [[least]] = await later.query<RowDataPacket[]>(
      "SELECT @@innodb_sort_buffer_size AS size",
    );
    expect(least?.size).to.equal(1024 ** 2);
    await later.end();
    await options.children.stopAll();
  });
});

describe("records of children", () => {
  const folder = mkdtempSync(join(tmpdir(), "tessera-test-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("let the next run stop what a killed one left", async () => {
    const child = new Children(folder).spawn("sleeper", ["sleep", "600"], {
      stdio: "ignore",
      order: 1,
    });
    const ended = once(child, "exit");
    expect(await stopRecorded(folder)).to.deep.equal(["sleeper"]);
    expect(await ended).to.deep.equal([null, "SIGTERM"]);
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it("never stop another process that got the number", async () => {
    const other = spawn("sleep", ["600"]);
    await once(other, "spawn");
    const record = { pid: other.pid, start: "long ago", order: 1 };
    writeFileSync(join(folder, "old.json"), JSON.stringify(record));
    expect(await stopRecorded(folder)).to.deep.equal([]);
    expect(other.kill()).to.equal(true);
  });
});
