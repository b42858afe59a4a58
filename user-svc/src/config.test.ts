import { expect } from "chai";
import { readConfig, readSeedConfig } from "./config.ts";

const KEY = Buffer.alloc(32, 7).toString("base64");
const NEEDED = { MYSQL_URL: "mysql://root@localhost/user", KEY_ENCRYPTION_KEY: KEY };
const DAY_MS = 86_400_000;

describe("readConfig", () => {
  it("has defaults that work", () => {
    const { keyEncryptionKey, ...rest } = readConfig(NEEDED);
    expect(keyEncryptionKey).to.deep.equal(Buffer.alloc(32, 7));
    expect(rest).to.deep.equal({
      mysql: { url: "mysql://root@localhost/user", type: "mysql", tls: "off", poolSize: 8 },
      grpcPort: 50_053,
      httpPort: 9053,
      otlpEndpoint: undefined,
      logLevel: "info",
      drainMs: 5_000,
      graceMs: 10_000,
      argon2Cost: { memoryCost: 19_456, timeCost: 2, parallelism: 1 },
      hashConcurrency: 2,
      hashQueue: 64,
      accessTokenSeconds: 900,
      refreshTokenMs: 30 * DAY_MS,
      keyRotationMs: 30 * DAY_MS,
    });
  });

  it("names every bad variable at once, and no value", () => {
    const secret = "c2hvcnQ=";
    const read = () =>
      readConfig({
        MYSQL_URL: "http://root:hunter2@localhost",
        GRPC_PORT: "70000",
        MYSQL_TYPE: "oracle",
        HASH_CONCURRENCY: "4",
        KEY_ENCRYPTION_KEY: secret,
      });
    expect(read).to.throw(
      [
        "invalid environment:",
        "  MYSQL_URL must be a mysql:// URL",
        "  MYSQL_TYPE must be one of mysql, mariadb",
        "  HASH_CONCURRENCY must be an integer from 1 to 3",
        "  GRPC_PORT must be an integer from 0 to 65535",
        "  KEY_ENCRYPTION_KEY must be 32 bytes in base64",
      ].join("\n"),
    );
    expect(read).not.to.throw(/hunter2|c2hvcnQ/);
  });

  it("requires the database and the key", () => {
    expect(() => readConfig({})).to.throw(
      /MYSQL_URL is required\n +KEY_ENCRYPTION_KEY is required/,
    );
  });

  it("lets hashes use all of libuv's threads but one", () => {
    const config = readConfig({ ...NEEDED, UV_THREADPOOL_SIZE: "16", HASH_CONCURRENCY: "15" });
    expect(config.hashConcurrency).to.equal(15);
    expect(readConfig({ ...NEEDED, UV_THREADPOOL_SIZE: "2" }).hashConcurrency).to.equal(1);
  });
});

describe("readSeedConfig", () => {
  it("needs the organiser", () => {
    expect(() => readSeedConfig({ MYSQL_URL: NEEDED.MYSQL_URL })).to.throw(
      /ORGANISER_EMAIL is required\n +ORGANISER_PASSWORD is required\n +ORGANISER_NAME is required/,
    );
  });
});
