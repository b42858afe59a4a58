import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { expect } from "chai";
import { CLAIMS } from "../checker/violation.ts";
import { CONTROLS } from "./all.ts";
import { changed, type SourceChange } from "./control.ts";
import { SCENES } from "./scenes.ts";

const sourceOf = ({ service, file }: SourceChange) =>
  readFileSync(join(ROOT, service, "src", file), "utf8");

describe("the negative controls", () => {
  for (const { name, changes } of CONTROLS) {
    // The product has moved on: say again what the control takes out of it.
    it(`have a scene: ${name}`, () => {
      expect(SCENES).to.have.property(name);
    });

    it(`fit the sources: ${name}`, () => {
      for (const change of changes) {
        expect(() => stripTypeScriptTypes(changed(sourceOf(change), change))).not.to.throw();
      }
    });
  }

  it("say what is wrong when they do not fit", () => {
    const change = { service: "bff", file: "main.ts", replace: [{ from: "a", to: "b" }] } as const;
    expect(() => changed("a c a", change)).to.throw("2 times");
    expect(() => changed("", change)).to.throw("bff/src/main.ts has this 0 times");
  });

  it("show of every claim that it can fail", () => {
    const shown = new Set(CONTROLS.flatMap(({ expects }) => expects));
    expect(CLAIMS.filter((claim) => !shown.has(claim))).to.deep.equal([]);
  });

  it("are in no image", () => {
    const ignored = readFileSync(join(ROOT, ".dockerignore"), "utf8").split("\n");
    expect(ignored).to.include("*").and.not.include("!test");
    const dockerfile = readFileSync(join(ROOT, "Dockerfile"), "utf8");
    expect(dockerfile).not.to.match(/\btest\/|--import/);
  });
});
