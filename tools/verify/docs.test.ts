import { expect } from "chai";
import { deadLinks } from "./docs.ts";

describe("deadLinks()", () => {
  const dead = (text: string) => deadLinks({ path: "docs/slo.md", text });

  it("sees files and headings that are not there", () => {
    expect(dead("See [the way](runbooks/nowhere.md), [here](#gone).")).to.deep.equal([
      "docs/slo.md: runbooks/nowhere.md leads nowhere",
      "docs/slo.md: #gone leads nowhere",
    ]);
  });

  it("follows those that are", () => {
    const text =
      "# It is `so`, now\n\n[it](#it-is-so-now) [r](../README.md) [o](https://example.com)";
    expect(dead(text)).to.deep.equal([]);
  });

  it("leaves code alone", () => {
    expect(dead("```md\n[a](b.md)\n```\n\nand `[a](c.md)`")).to.deep.equal([]);
  });
});
