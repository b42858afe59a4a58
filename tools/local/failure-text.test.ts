import { writeFileSync } from "node:fs";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { expect } from "chai";
import { failureText } from "./failure-text.ts";

describe("what a program prints of its failure", () => {
  it("is one line with the folder when the disk is full", () => {
    expect(failureText(thrownBy(() => writeFileSync("/dev/full", "x")))).to.match(
      /^The disk is full: ENOSPC: no space left on device, write \(in \/.*\/\.data\)$/,
    );
  });

  for (const code of ["EROFS", "EACCES"]) {
    it(`is one line with the path for ${code}`, () => {
      const path = "/data/run";
      const failure = Object.assign(new Error(`${code}: no, mkdir '${path}'`), { code, path });
      expect(failureText(failure)).to.match(new RegExp(`^[^\\n]*: ${code}: no, mkdir '${path}'$`));
    });
  }

  it("is the message for an operator's mistake, and the stack for a bug", () => {
    expect(failureText(new OperatorError("Choose another."))).to.equal("Choose another.");
    expect(failureText(new Error("a bug"))).to.contain("Error: a bug\n    at ");
  });
});

function thrownBy(body: () => void): unknown {
  try {
    body();
  } catch (reason) {
    return reason;
  }
  return expect.fail("it did not throw");
}
