import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { PROMISES, SLO } from "../k6/lib/slo.ts";
import { ROOT } from "./tree.ts";

// Change both, or neither: people read the one, load tests obey the other.
describe("docs/slo.md", () => {
  const rows = readFileSync(join(ROOT, "docs", "slo.md"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map(([, name = "", ...cells]) => ({ name: name.replaceAll("`", ""), cells }));

  it("has the classes of k6/lib/slo.ts", () => {
    const classes = rows.flatMap(({ name, cells: [, availability, p95, p99] }) =>
      p99 === undefined || p99 === "" ? [] : [[name, [availability, p95, p99]]],
    );
    const expected = Object.entries(SLO).map(([name, { availability, p95, p99 }]) => [
      name,
      [`${Number((availability * 100).toFixed(4))} %`, `${p95} ms`, `${p99} ms`],
    ]);
    expect(Object.fromEntries(classes)).to.deep.equal(Object.fromEntries(expected));
  });

  it("has the promises of k6/lib/slo.ts", () => {
    const promises = rows
      .filter(({ name }) => name in PROMISES)
      .map(({ name, cells: [value = ""] }) => [name, Number.parseFloat(value)]);
    expect(Object.fromEntries(promises)).to.deep.equal({ ...PROMISES });
  });

  it("knows no class and no promise besides", () => {
    const known = [...Object.keys(SLO), ...Object.keys(PROMISES)];
    expect(rows.map(({ name }) => name)).to.deep.equal(known);
  });
});
