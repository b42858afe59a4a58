import { expect } from "chai";
import { commitmentOf, drawNumberOf } from "./draw.ts";

describe("the draw", () => {
  const seed = Buffer.alloc(32, 7);

  // Made with: openssl dgst -sha256 -mac HMAC -macopt hexkey:$(printf '07%.0s' $(seq 32))
  it("gives the numbers that anybody can work out", () => {
    const number = drawNumberOf(seed, "0190a5c8-7b1e-7c3d-8f00-000000000001");
    expect(number.toString("hex")).to.equal("14b7b561054b");
  });

  it("commits to the seed's bytes", () => {
    expect(commitmentOf(seed)).to.equal(
      "4bb06f8e4e3a7715d201d573d0aa423762e55dabd61a2c02278fa56cc6d294e0",
    );
  });
});
