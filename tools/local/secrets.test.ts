import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { expect } from "chai";
import { rememberedSecrets } from "./secrets.ts";

describe("the secrets of a data folder", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tessera-secrets-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const file = () => join(folder, "secrets.json");

  it("are made once", () => {
    const made = rememberedSecrets(folder);
    mkdirSync(join(folder, "stores"));
    expect(rememberedSecrets(folder)).to.deep.equal(made);
  });

  it("are never made anew beside stores that know the old ones", () => {
    mkdirSync(join(folder, "stores"));
    expect(() => rememberedSecrets(folder)).to.throw(OperatorError, `${file()} is missing`);
    rememberedSecrets(folder, { mysqlUrl: "mysql://elsewhere" });
  });

  for (const text of ["", '{"keyEncryptionKey": "AA', "null"]) {
    it(`are told to be damaged when the file says ${JSON.stringify(text)}`, () => {
      writeFileSync(file(), text);
      expect(() => rememberedSecrets(folder)).to.throw(OperatorError, `${file()} is damaged`);
    });
  }
});
