import { expect } from "chai";
import { EnvReader, InvalidEnvironment } from "./env.ts";

describe("EnvReader", () => {
  it("reads every kind of setting", () => {
    const env = new EnvReader({
      COUNT: "7",
      PORT: "0",
      LEVEL: "warn",
      NAME: "tessera",
      MYSQL_URL: "mysql://root@localhost/db",
      REDIS_URLS: "redis://a:1, rediss://b:2",
      ADDRESS: "inventory-svc:50051",
      KEY: Buffer.alloc(32, 7).toString("base64"),
      ORIGINS: "https://a.example, https://b.example",
      SECRETS: "first-secret, second-secret",
      SHARE: "0.25",
      COLLECTOR: "http://collector:4318",
    });
    const settings = env.finish({
      count: env.integer("COUNT", { min: 1, max: 9 }),
      port: env.port("PORT", 8080),
      level: env.oneOf("LEVEL", ["info", "warn"]),
      name: env.text("NAME"),
      mysqlUrl: env.url("MYSQL_URL", { protocols: ["mysql:"] }),
      redisUrls: env.urls("REDIS_URLS", { protocols: ["redis:", "rediss:"] }),
      address: env.address("ADDRESS"),
      key: env.bytes("KEY", 32),
      origins: env.origins("ORIGINS"),
      secrets: env.secrets("SECRETS", { minLength: 12 }),
      share: env.fraction("SHARE", 1),
      collector: env.optionalUrl("COLLECTOR", { protocols: ["http:"] }),
    });
    expect(settings).to.deep.equal({
      count: 7,
      port: 0,
      level: "warn",
      name: "tessera",
      mysqlUrl: "mysql://root@localhost/db",
      redisUrls: ["redis://a:1", "rediss://b:2"],
      address: "inventory-svc:50051",
      key: Buffer.alloc(32, 7),
      origins: ["https://a.example", "https://b.example"],
      secrets: ["first-secret", "second-secret"],
      share: 0.25,
      collector: "http://collector:4318",
    });
    expect(Object.isFrozen(settings)).to.equal(true);
  });

  it("falls back when a variable is unset or empty", () => {
    const env = new EnvReader({ COUNT: "" });
    const settings = env.finish({
      count: env.integer("COUNT", { min: 1, max: 9, fallback: 5 }),
      port: env.port("PORT", 8080),
      level: env.oneOf("LEVEL", ["info", "warn"], "info"),
      url: env.url("URL", { protocols: ["redis:"], fallback: "redis://x" }),
      urls: env.urls("URLS", { protocols: ["redis:"], fallback: ["redis://x"] }),
      address: env.address("ADDRESS", "localhost:1"),
      origins: env.origins("ORIGINS"),
      share: env.fraction("SHARE", 0.01),
      collector: env.optionalUrl("COLLECTOR", { protocols: ["http:"] }),
    });
    expect(settings).to.deep.equal({
      count: 5,
      port: 8080,
      level: "info",
      url: "redis://x",
      urls: ["redis://x"],
      address: "localhost:1",
      origins: [],
      share: 0.01,
      collector: undefined,
    });
  });

  it("reports every bad variable in one error, and prints no value", () => {
    const env = new EnvReader({
      COUNT: "10",
      PORT: "65536",
      LEVEL: "loud",
      URL: "http://hunter2",
      URLS: "redis://a,nonsense-hunter2",
      ADDRESS: "no-port",
      KEY: "hunter2",
      SECRETS: "a secret of twenty characters,hunter2",
      SHARE: "1.01",
      COLLECTOR: "collector-hunter2:4318",
    });
    const read = () =>
      env.finish({
        a: env.integer("COUNT", { min: 1, max: 9 }),
        b: env.port("PORT", 1),
        d: env.oneOf("LEVEL", ["info", "warn"]),
        e: env.url("URL", { protocols: ["redis:", "rediss:"] }),
        f: env.urls("URLS", { protocols: ["redis:"] }),
        g: env.address("ADDRESS"),
        h: env.bytes("KEY", 32),
        i: env.text("NAME"),
        j: env.secrets("SECRETS", { minLength: 20 }),
        k: env.secrets("MORE_SECRETS", { minLength: 20 }),
        l: env.fraction("SHARE", 1),
        m: env.optionalUrl("COLLECTOR", { protocols: ["http:", "https:"] }),
      });
    expect(read).to.throw(
      InvalidEnvironment,
      [
        "invalid environment:",
        "COUNT must be an integer from 1 to 9",
        "PORT must be an integer from 0 to 65535",
        "LEVEL must be one of info, warn",
        "URL must be a redis:// or rediss:// URL",
        "URLS must be a redis:// URL",
        "ADDRESS must be host:port",
        "KEY must be 32 bytes in base64",
        "NAME is required",
        "SECRETS must be secrets of 20 or more characters each",
        "MORE_SECRETS is required",
        "SHARE must be a number from 0 to 1",
        "COLLECTOR must be a http:// or https:// URL",
      ].join("\n  "),
    );
  });

  for (const text of ["1.5", "one", "NaN", "Infinity", "0", "10"]) {
    it(`refuses ${text} for an integer from 1 to 9`, () => {
      const env = new EnvReader({ COUNT: text });
      const count = env.integer("COUNT", { min: 1, max: 9 });
      expect(() => env.finish({ count })).to.throw("COUNT must be an integer from 1 to 9");
    });
  }

  for (const text of [
    "example.com",
    "*",
    "https://App.Example.com",
    "https://app.example.com/",
    "https://app.example.com:443",
    "https://app.example.com,",
    "https:app.example.com",
    "capacitor://localhost/",
    "capacitor://",
    "Capacitor://localhost",
    "null",
  ]) {
    it(`refuses ${text} for an origin, which no browser would send`, () => {
      const env = new EnvReader({ ORIGINS: text });
      const origins = env.origins("ORIGINS");
      expect(() => env.finish({ origins })).to.throw("ORIGINS must be origins such as https://");
    });
  }

  it("takes the origins of apps and of browsers' extensions", () => {
    const ORIGINS =
      "capacitor://localhost, chrome-extension://abcdefghijklmnop,http://localhost:5173";
    const env = new EnvReader({ ORIGINS });
    expect(env.finish({ origins: env.origins("ORIGINS") }).origins).to.deep.equal([
      "capacitor://localhost",
      "chrome-extension://abcdefghijklmnop",
      "http://localhost:5173",
    ]);
  });

  it("takes blank text for no number", () => {
    const env = new EnvReader({ PORT: " ", SHARE: "\t" });
    const settings = { port: env.port("PORT", 8080), share: env.fraction("SHARE", 1) };
    expect(() => env.finish(settings)).to.throw(
      "PORT must be an integer from 0 to 65535\n  SHARE must be a number from 0 to 1",
    );
  });

  it("calls a value malformed when its parser fails in an unforeseen way", () => {
    const hostile = {
      get NAME(): string {
        return Symbol("not a text") as unknown as string;
      },
    };
    const env = new EnvReader(hostile);
    env.integer("NAME", { min: 0, max: 1 });
    expect(() => env.finish({})).to.throw("NAME is malformed");
  });
});
