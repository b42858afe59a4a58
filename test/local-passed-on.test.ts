import { expect } from "chai";
import { passedOn } from "../tools/local/passed-on.ts";

describe("passedOn()", () => {
  it("gives services their tracing, the BFF its origins, and nobody what is not meant for them", () => {
    const env = {
      OTEL_TRACES_SAMPLER_ARG: "1",
      CORS_ORIGINS: "http://localhost:5173",
      PASS_SECRETS: "mine",
    };
    const { PASS_SECRETS: _, ...both } = env;
    expect(passedOn("bff", env)).to.deep.equal(both);
    expect(passedOn("user-svc", env)).to.deep.equal({ OTEL_TRACES_SAMPLER_ARG: "1" });
  });
});
