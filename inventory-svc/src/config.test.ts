import { expect } from "chai";
import { readConfig } from "./config.ts";

describe("readConfig()", () => {
  it("has a default for everything but the database", () => {
    expect(readConfig({ MYSQL_URL: "mysql://localhost/inventory" })).to.deep.equal({
      grpcPort: 50_051,
      httpPort: 9051,
      mysql: { url: "mysql://localhost/inventory", type: "mysql", tls: "off", poolSize: 16 },
      otlpEndpoint: undefined,
      logLevel: "info",
      drainMs: 5_000,
      graceMs: 10_000,
      orphanGraceSeconds: 15,
      sweepIntervalMs: 1_000,
    });
  });

  it("cannot do without a database", () => {
    expect(() => readConfig({})).to.throw("MYSQL_URL is required");
  });
});
