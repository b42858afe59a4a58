import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { ROOT } from "../tree.ts";

interface Locked {
  resolved?: string;
  integrity?: string;
  dev?: boolean;
  link?: boolean;
  hasInstallScript?: boolean;
}

/** Who may run programs of their own while they are installed; images let none of them. */
const WITH_SCRIPTS = {
  "@bufbuild/buf": "puts its binary where its launcher would have been; a tool",
  "@scarf/scarf": "counts installations, which package.json turns off; swagger-ui-dist brings it",
  protobufjs: "warns of versions that do not fit each other",
};

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

describe("packages of others", () => {
  const lock: { packages: Record<string, Locked> } = JSON.parse(read("package-lock.json"));
  const locked = Object.entries(lock.packages)
    .filter(([path, { link }]) => path.includes("node_modules/") && link !== true)
    .map(([path, entry]) => ({ name: path.split("node_modules/").at(-1) ?? "", ...entry }));

  it("are what they were when they were locked, if they run in production", () => {
    const loose = locked.filter(({ dev, integrity }) => {
      return dev !== true && !/^sha512-/.test(integrity ?? "");
    });
    expect(loose.map(({ name }) => name)).to.deep.equal([]);
  });

  it("come from the registry, and from nowhere else", () => {
    const elsewhere = locked.filter(({ resolved }) => {
      return resolved !== undefined && !resolved.startsWith("https://registry.npmjs.org/");
    });
    expect(elsewhere.map(({ name }) => name)).to.deep.equal([]);
  });

  // A new one: look at what its script does, and say it here.
  it("run nothing of their own where an image is built, and little elsewhere", () => {
    const scripted = locked.filter(({ hasInstallScript }) => hasInstallScript === true);
    expect(scripted.map(({ name }) => name)).to.have.members(Object.keys(WITH_SCRIPTS));
    const installs = read("Dockerfile").match(/^(?!#).*\bnpm (?:ci|install|i)\b.*/gm) ?? [];
    expect(installs).not.to.deep.equal([]);
    expect(installs.filter((line) => !line.includes("--ignore-scripts"))).to.deep.equal([]);
  });

  // Not here: npm asks the registry for what is known today, and not every registry answers.
  it("are looked up among known holes, with each pull request and every week", () => {
    const { on, jobs } = parse(read(".github/workflows/scan.yaml"));
    expect(on).to.have.all.keys("pull_request", "schedule");
    expect(jobs.tree).not.to.have.property("if");
    const commands = jobs.tree.steps.map(({ run }: { run?: string }) => run);
    expect(commands).to.include("npm audit --omit=dev --audit-level=high");
    expect(commands).to.include("npm audit --audit-level=critical");
  });
});
