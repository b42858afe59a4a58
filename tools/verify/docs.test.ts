import { expect } from "chai";
import { deadLinks, deadNames, lostCommands } from "./docs.ts";

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

describe("deadNames()", () => {
  it("sees files and scripts that are not there", () => {
    const text = "`charts/gone/values.yaml`, `test/tidy.test.ts`, `npm run chekc`, `npm run check`";
    expect(deadNames({ path: "docs/slo.md", text })).to.deep.equal([
      "docs/slo.md: there is no charts/gone/values.yaml",
      "docs/slo.md: there is no npm run chekc",
    ]);
  });
});

describe("lostCommands()", () => {
  it("sees an amtool that is not told where Alertmanager is", () => {
    const url = "--alertmanager.url=http://localhost:9093";
    const text = `\`amtool alert query\`, \`amtool ${url} alert query\`\n\namtool alert \\\n  ${url}\n\namtool itself`;
    expect(lostCommands({ path: "docs/slo.md", text })).to.deep.equal([
      "docs/slo.md: amtool alert query does not say --alertmanager.url",
    ]);
  });
});
