import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { administer } from "@tessera/testkit/administer";
import { ROOT } from "@tessera/testkit/services";
import { findStoreBinaries, type MysqlBinaries } from "@tessera/testkit/stores/binaries";
import { Children } from "@tessera/testkit/stores/children";
import { privateMysql } from "@tessera/testkit/stores/mysql-server";
import type { StoreServer } from "@tessera/testkit/stores/store-server";
import { expect } from "chai";
import { debianTool } from "./debian-tools.ts";

// A database outside the mesh: the programs must reach it over TLS, and only it.

const run = promisify(execFile);

describe("MYSQL_TLS", () => {
  const folder = mkdtempSync(join(tmpdir(), "tessera-tls-"));
  const children = new Children(join(folder, "run"));
  const ca = join(folder, "ca.pem");
  let server: StoreServer;
  let type: MysqlBinaries["type"];

  before(async () => {
    await debianTool("mariadbd", "mariadb-server");
    await authority(folder);
    await certificate(folder, "localhost");
    const { mysql } = findStoreBinaries();
    if (mysql === undefined) {
      throw new Error("there is no MySQL and no MariaDB on this machine");
    }
    ({ type } = mysql);
    server = await privateMysql({
      binaries: mysql,
      children,
      name: "mysql-tls",
      folder: join(folder, "mysql"),
      bufferMib: 32,
      arguments: [
        `--ssl-ca=${ca}`,
        `--ssl-cert=${join(folder, "server.pem")}`,
        `--ssl-key=${join(folder, "server.key")}`,
      ],
    });
    await server.start();
    await administer(
      server.url,
      "CREATE DATABASE inventory",
      "CREATE USER safe@'127.0.0.1' IDENTIFIED BY 'secret' REQUIRE SSL",
      "GRANT ALL ON inventory.* TO safe@'127.0.0.1'",
    );
  });

  after(async () => {
    await children.stopAll();
    rmSync(folder, { recursive: true });
  });

  it("verify reaches a server whose authority is known", async () => {
    expect(await migrate({ MYSQL_TLS: "verify", NODE_EXTRA_CA_CERTS: ca })).to.contain("migrated");
  });

  it("verify refuses a server whose authority nobody knows", async () => {
    expect(await migrate({ MYSQL_TLS: "verify" })).to.match(/certificate/);
  });

  it("rds refuses a server that is not Amazon's", async () => {
    const settings = { MYSQL_TLS: "rds", NODE_EXTRA_CA_CERTS: ca };
    expect(await migrate(settings)).to.match(/certificate/);
  });

  it("off is refused by a server that wants TLS", async () => {
    expect(await migrate({ MYSQL_TLS: "off" })).to.match(/Access denied/);
  });

  it("verify refuses a server with somebody else's certificate", async () => {
    await certificate(folder, "another.example");
    await server.stop();
    await server.start();
    const settings = { MYSQL_TLS: "verify", NODE_EXTRA_CA_CERTS: ca };
    expect(await migrate(settings)).to.match(/does not match certificate/);
  });

  /** What the migrations of a service say, whether they succeed or not. */
  async function migrate(settings: Readonly<Record<string, string>>): Promise<string> {
    const { port } = new URL(server.url);
    const env = {
      ...settings,
      MYSQL_TYPE: type,
      MYSQL_URL: `mysql://safe:secret@localhost:${port}/inventory`,
    };
    const program = join(ROOT, "inventory-svc", "src", "migrate.ts");
    return await run(process.execPath, [program], { env }).then(
      ({ stdout }) => stdout,
      ({ stderr }: { stderr: string }) => stderr,
    );
  }
});

/** Makes ca.pem and ca.key. */
async function authority(folder: string): Promise<void> {
  await openssl(["req", "-x509", "-days=2", "-subj=/CN=a test's authority"], newKey(folder, "ca"), [
    "-out",
    join(folder, "ca.pem"),
  ]);
}

/** Makes server.pem and server.key, for a server of that name. */
async function certificate(folder: string, name: string): Promise<void> {
  const request = join(folder, "server.csr");
  const extension = join(folder, "server.ext");
  writeFileSync(extension, `subjectAltName=DNS:${name}\n`);
  await openssl(["req", `-subj=/CN=${name}`], newKey(folder, "server"), ["-out", request]);
  await openssl(
    ["x509", "-req", "-days=2", "-in", request, "-out", join(folder, "server.pem")],
    ["-CA", join(folder, "ca.pem"), "-CAkey", join(folder, "ca.key"), "-CAcreateserial"],
    ["-extfile", extension],
  );
}

function newKey(folder: string, name: string): string[] {
  return ["-newkey=rsa:2048", "-nodes", "-keyout", join(folder, `${name}.key`)];
}

async function openssl(...parts: string[][]): Promise<void> {
  await run(await debianTool("openssl", "openssl"), parts.flat().flatMap(unjoined));
}

/** openssl wants an option and its value apart. */
function unjoined(argument: string): string[] {
  const [, option, value] = /^(-[a-z0-9]+)=(.*)$/.exec(argument) ?? [];
  return option === undefined || value === undefined ? [argument] : [option, value];
}
