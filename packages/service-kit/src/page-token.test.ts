import { expect } from "chai";
import { openPageToken, pageSizeOf, sealPageToken } from "./page-token.ts";

describe("openPageToken", () => {
  it("opens what was sealed for the same scope", () => {
    const token = sealPageToken("events:name", ["Ärzte", 17]);
    expect(openPageToken("events:name", token, ["", 0] as const)).to.deep.equal(["Ärzte", 17]);
  });

  it("takes an empty token for the first page", () => {
    expect(openPageToken("events", "", [0] as const)).to.equal(undefined);
  });

  const bad: Readonly<Record<string, string>> = {
    "another scope's": sealPageToken("events", [1]),
    "too short": sealPageToken("list", []),
    "too long": sealPageToken("list", [1, 2]),
    "of another type": sealPageToken("list", ["1"]),
    "a fraction": sealPageToken("list", [1.5]),
    "beyond whole numbers": sealPageToken("list", [1e300]),
    "no base64": "%%%",
    "no JSON": Buffer.from("[").toString("base64url"),
    "no list": Buffer.from('{"0":"list"}').toString("base64url"),
    "longer than any token": sealPageToken("list", ["x".repeat(10_000)]),
  };
  for (const [what, token] of Object.entries(bad)) {
    it(`refuses a token that is ${what}`, () => {
      expect(() => openPageToken("list", token, [0] as const))
        .to.throw()
        .and.to.include({ reason: "INVALID_PAGE_TOKEN" });
    });
  }
});

describe("pageSizeOf", () => {
  it("defaults to 20 and stops at 100", () => {
    expect([0, 1, 100, 101, 2 ** 31 - 1].map(pageSizeOf)).to.deep.equal([20, 1, 100, 100, 100]);
  });

  it("refuses a negative size by its field", () => {
    expect(() => pageSizeOf(-1))
      .to.throw()
      .and.to.deep.include({ reason: "INVALID_FIELD", metadata: { field: "page_size" } });
  });
});
