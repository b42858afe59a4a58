import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { expect } from "chai";
import { readFlags } from "./read-flags.ts";

const HELP = "npm run it -- [--often]\n";

describe("readFlags()", () => {
  const read = (...args: string[]) =>
    readFlags({ args, options: { often: { type: "boolean" } } }, HELP).values.often;

  it("reads what a program takes", () => {
    expect(read("--often")).to.equal(true);
    expect(read()).to.equal(undefined);
  });

  for (const arg of ["--oftne", "--often=3", "often"]) {
    it(`refuses ${arg} with the help text`, () => {
      expect(() => read(arg)).to.throw(OperatorError, /'(--often|--oftne|often)'.*\n\nnpm run it/s);
    });
  }
});
