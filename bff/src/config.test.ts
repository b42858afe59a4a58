import { expect } from "chai";
import { readConfig } from "./config.ts";

const SECRETS = { PASS_SECRETS: "x".repeat(32) };

describe("readConfig()", () => {
  it("has a default for everything but the secrets", () => {
    const { port, adminPort, reserveMaxBatch, corsOrigins } = readConfig(SECRETS);
    expect({ port, adminPort, reserveMaxBatch, corsOrigins }).to.deep.equal({
      port: 8080,
      adminPort: 9050,
      reserveMaxBatch: 128,
      corsOrigins: [],
    });
  });

  it("names every bad setting at once", () => {
    const bad = {
      PORT: "x",
      INVENTORY_ADDRESS: "nowhere",
      CORS_ORIGINS: "https://a.test, *",
      RESERVE_MAX_BATCH: "501",
      PASS_SECRETS: "short",
    };
    expect(() => readConfig(bad)).to.throw(
      /PORT [\s\S]*INVENTORY_ADDRESS [\s\S]*CORS_ORIGINS [\s\S]*RESERVE_MAX_BATCH [\s\S]*PASS_SECRETS /,
    );
  });

  it("records nothing unless it is told where to, and then one request in a hundred", () => {
    const off = readConfig(SECRETS);
    expect([off.otlpEndpoint, off.sampler, off.sampleRatio]).to.deep.equal([
      undefined,
      "traceidratio",
      0.01,
    ]);
    const bad = {
      ...SECRETS,
      OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317",
      OTEL_TRACES_SAMPLER: "jaeger_remote",
      OTEL_TRACES_SAMPLER_ARG: "1%",
    };
    expect(() => readConfig(bad)).to.throw(
      /ENDPOINT must be a [\s\S]*SAMPLER must be one of [\s\S]*SAMPLER_ARG must be a number from 0 to 1/,
    );
  });

  it("reads origins", () => {
    const { corsOrigins } = readConfig({
      ...SECRETS,
      CORS_ORIGINS: "https://a.test, https://b.test",
    });
    expect(corsOrigins).to.deep.equal(["https://a.test", "https://b.test"]);
  });
});
