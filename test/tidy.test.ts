import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { posix } from "node:path";
import { join } from "node:path/posix";
import { REASONS } from "@tessera/proto/reasons";
import { expect } from "chai";
import { importsOf, linesMatching, ROOT, type TreeFile, treeFiles } from "./tree.ts";

// What a linter cannot see. Each check says what to do when it fails.

const SERVICES = ["inventory-svc", "reservation-svc", "user-svc", "bff"];
/** Layers of a service, each with the layers that it may import besides itself. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  app: ["domain", "crypto"],
  crypto: ["domain"],
  grpc: ["app", "domain"],
  mysql: ["app", "domain"],
  redis: ["app", "domain"],
};
/** The domain may fail with a reason, knows what a name is, and nothing else of the outside. */
const DOMAIN_PACKAGES = [
  "@tessera/service-kit/service-error",
  "@tessera/service-kit/readable-text",
  "@tessera/proto/reasons",
];
/** What only adapters may talk to. */
const DRIVERS =
  /^(mysql2|typeorm|ioredis|redlock|prom-client|@grpc\/|@connectrpc\/|express|node:(http|net))/;

const files = treeFiles();
const sources = files.filter(({ path }) => /\.(ts|mjs)$/.test(path));
const programSources = sources.filter(({ path }) => !path.endsWith(".test.ts"));

describe("imports", () => {
  // Services meet in @tessera/proto only: call the other service's RPC instead.
  it("never go from one service to another", () => {
    const bad = importsUnder(SERVICES).filter(({ file, name }) => {
      const own = file.path.split("/")[0];
      const target = name.startsWith(".") ? resolved(file, name).split("/")[0] : name;
      return SERVICES.some(
        (service) => service !== own && (target === service || target === `@tessera/${service}`),
      );
    });
    expect(bad.map(shown)).to.deep.equal([]);
  });

  // grpc, mysql, redis -> app -> domain. Declare an interface where it is needed, in app, and
  // implement it in the adapter.
  it("go inwards through the layers of a service", () => {
    const bad = importsUnder(SERVICES).filter(({ file, name }) => {
      const allowed = LAYERS[layerOf(file.path) ?? ""];
      const target = name.startsWith(".") ? layerOf(resolved(file, name)) : undefined;
      return (
        allowed !== undefined &&
        target !== undefined &&
        target !== layerOf(file.path) &&
        !allowed.includes(target)
      );
    });
    expect(bad.map(shown)).to.deep.equal([]);
  });

  // Pass what it needs as an argument: time, ids, what a store answered.
  it("keep the domain free of packages", () => {
    const bad = importsUnder(SERVICES).filter(
      ({ file, name }) =>
        layerOf(file.path) === "domain" && !name.startsWith(".") && !DOMAIN_PACKAGES.includes(name),
    );
    expect(bad.map(shown)).to.deep.equal([]);
  });

  // Declare an interface in app and put the driver behind it, in mysql, redis or grpc.
  it("keep drivers out of the use cases", () => {
    const bad = importsUnder(SERVICES).filter(
      ({ file, name }) => layerOf(file.path) === "app" && DRIVERS.test(name),
    );
    expect(bad.map(shown)).to.deep.equal([]);
  });
});

describe("sources", () => {
  // Split it by concept; 100 lines is what to aim at.
  it("have 300 lines at most", () => {
    const long = sources
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split("\n").length }))
      .filter(({ lines }) => lines > 300);
    expect(long).to.deep.equal([]);
  });

  // Run every test, always: mend it or delete it.
  it("skip no test, and single none out", () => {
    const tests = sources.filter(({ path }) => path.includes("test"));
    const pattern = /\b(describe|it|context|suite|test)\.(only|skip)\b|\bx(it|describe)\(/;
    expect(linesMatching(tests, pattern)).to.deep.equal([]);
  });

  // Write `TODO(#12): …` with an issue that somebody can find, or do it now.
  it("promise nothing without an issue", () => {
    const notes = linesMatching(sources, /\b(TODO(?!\(#\d+\):)|FIX[M]E|X[X]X)\b/);
    expect(notes.filter((line) => !line.startsWith("test/tidy.test.ts:"))).to.deep.equal([]);
  });

  // Find paths at run time (import.meta.dirname), and name no one's home.
  it("name no folder of somebody's machine", () => {
    const pattern = /(^|["'`\s(=:])\/(root|home\/\w+|Users\/\w+|work)\//;
    const tracked = files.filter(({ path }) => path !== "package-lock.json");
    expect(linesMatching(tracked, pattern)).to.deep.equal([]);
  });

  // An open promise loses its failure. Should Biome rename the rule, mend biome.json.
  it("are watched for floating promises", () => {
    // A project of its own: what Biome reads from standard input it does not check for types.
    const folder = mkdtempSync(join(tmpdir(), "tessera-tidy-"));
    copyFileSync(join(ROOT, "biome.json"), join(folder, "biome.json"));
    writeFileSync(join(folder, "floating.ts"), "async function f(): Promise<void> {}\n\nf();\n");
    const biome = join(ROOT, "node_modules", ".bin", "biome");
    const args = ["lint", "--colors=off", "floating.ts"];
    const { stdout, stderr } = spawnSync(biome, args, { cwd: folder, encoding: "utf8" });
    rmSync(folder, { recursive: true });
    expect(`${stdout}${stderr}`).to.contain("noFloatingPromises");
  });
});

describe("workspaces", () => {
  const workspaces: string[] = JSON.parse(read("package.json")).workspaces;

  // Add the folder to `workspaces` in package.json.
  it("are all listed", () => {
    const folders = ["packages", "."].flatMap((parent) =>
      readdirSync(join(ROOT, parent)).map((name) => join(parent, name)),
    );
    const withManifest = folders.filter((folder) => exists(join(folder, "package.json")));
    const found = withManifest.filter((folder) => !folder.startsWith("node_modules"));
    expect(found.sort()).to.deep.equal([...workspaces].sort());
  });

  // Say in the README what it owns, how it is run and how it fails.
  it("have a README", () => {
    expect(workspaces.filter((folder) => !exists(`${folder}/README.md`))).to.deep.equal([]);
  });

  for (const service of SERVICES) {
    // Every service is read in the same way: main.ts, config.ts, layers.
    it(`have the same face: ${service}`, () => {
      const expected = ["README.md", "package.json", "src/config.ts", "src/main.ts"];
      expect(expected.filter((path) => !exists(`${service}/${path}`))).to.deep.equal([]);
    });

    // Add a line to the settings table of the README: `NAME`, what it means, its default.
    it(`document every setting: ${service}`, () => {
      const readme = exists(`${service}/README.md`) ? read(`${service}/README.md`) : "";
      const config = read(`${service}/src/config.ts`);
      const shared = [...config.matchAll(/"@tessera\/service-kit\/(.*-settings)"/g)];
      const settings = [
        config,
        ...shared.map(([, name]) => read(`packages/service-kit/src/${name}.ts`)),
      ].flatMap(settingsIn);
      expect(settings, "names found in config.ts").to.not.deep.equal([]);
      expect(settings.filter((name) => !readme.includes(`\`${name}\``))).to.deep.equal([]);
    });
  }
});

describe("reasons", () => {
  // A reason that nobody gives misleads callers; one that is public is never removed either,
  // so say in the proto's comment which call fails with it.
  it("are all given or documented", () => {
    const texts = files
      .filter(({ path }) => /\.(ts|proto)$/.test(path) && path !== "proto/reasons.ts")
      .map(({ text }) => text)
      .join("\n");
    const unknown = Object.keys(REASONS).filter(
      (reason) => !new RegExp(`\\b${reason}\\b`).test(texts),
    );
    expect(unknown).to.deep.equal([]);
  });

  // Callers write code against a reason: name it in the comment of the RPC that gives it, or,
  // for those of the REST front end alone, in its OpenAPI document.
  it("that a service gives are documented in proto or OpenAPI", () => {
    const documents = files
      .filter(({ path }) => path.endsWith(".proto") || path === "bff/openapi.yaml")
      .map(({ text }) => text)
      .join("\n");
    const given = programSources.flatMap(({ text }) =>
      [...text.matchAll(/new ServiceError\(\s*"([A-Z_]+)"/g)].map((match) => match[1] ?? ""),
    );
    // These come from any call, and every gRPC and HTTP library knows them.
    const general = ["CANCELLED", "DEADLINE_EXCEEDED", "INTERNAL", "UNIMPLEMENTED"];
    const unknown = [...new Set(given)].filter(
      (reason) => !general.includes(reason) && !new RegExp(`\\b${reason}\\b`).test(documents),
    );
    expect(unknown.sort()).to.deep.equal([]);
  });
});

describe("migrations", () => {
  const paths = programSources
    .map(({ path }) => path)
    .filter((path) => path.includes("/mysql/migrations/"));

  // Name it `<13 digits of milliseconds>-<what it does>.ts`, later than those before it.
  it("have names that say their order", () => {
    const names = paths.map((path) => posix.basename(path));
    expect(names.filter((name) => !/^\d{13}-[a-z0-9-]+\.ts$/.test(name))).to.deep.equal([]);
  });

  // A schema somewhere has run it as it was: write another migration instead.
  it("are never edited after a release", () => {
    const release = git("describe", "--tags", "--abbrev=0", "--match", "v*").trim();
    const edited = paths.filter((path) => {
      const before = release === "" ? "" : git("show", `${release}:${path}`);
      return before !== "" && before !== read(path);
    });
    expect(edited).to.deep.equal([]);
  });
});

interface Import {
  file: TreeFile;
  name: string;
}

function importsUnder(folders: readonly string[]): Import[] {
  return programSources
    .filter(({ path }) => folders.some((folder) => path.startsWith(`${folder}/src/`)))
    .flatMap((file) => importsOf(file).map((name) => ({ file, name })));
}

function shown({ file, name }: Import): string {
  return `${file.path} imports ${name}`;
}

function resolved({ path }: TreeFile, name: string): string {
  return posix.join(posix.dirname(path), name);
}

/** The folder below `src`; undefined for files in `src` itself. */
function layerOf(path: string): string | undefined {
  const [, folder, layer, rest] = path.split("/");
  return folder === "src" && rest !== undefined ? layer : undefined;
}

function settingsIn(config: string): string[] {
  const calls = config.matchAll(/\benv\.\w+\(\s*"([A-Z0-9_]+)"/g);
  return [...new Set([...calls].map((match) => match[1] ?? ""))];
}

/** What git printed; empty when it failed. */
function git(...args: string[]): string {
  try {
    return execFileSync("git", args, {
      cwd: ROOT,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return "";
  }
}

function exists(path: string): boolean {
  return existsSync(join(ROOT, path));
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
