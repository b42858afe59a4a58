import { expect } from "chai";
import { readConfig } from "./config.ts";

describe("readConfig()", () => {
  it("has a default for everything", () => {
    const { port, adminPort, reserveMaxBatch, corsOrigins } = readConfig({});
    expect({ port, adminPort, reserveMaxBatch, corsOrigins }).to.deep.equal({
      port: 8080,
      adminPort: 9050,
      reserveMaxBatch: 128,
      corsOrigins: [],
    });
  });

  it("names every bad setting at once", () => {
    const bad = { PORT: "x", INVENTORY_ADDRESS: "nowhere", RESERVE_MAX_BATCH: "501" };
    expect(() => readConfig(bad)).to.throw(
      /PORT [\s\S]*INVENTORY_ADDRESS [\s\S]*RESERVE_MAX_BATCH /,
    );
  });

  it("reads origins", () => {
    const { corsOrigins } = readConfig({ CORS_ORIGINS: "https://a.test, https://b.test" });
    expect(corsOrigins).to.deep.equal(["https://a.test", "https://b.test"]);
  });
});
