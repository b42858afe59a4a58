import { existsSync, globSync, lstatSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "@cdktf/hcl2json";
import { TABLE } from "./table.ts";

/** Blocks of one file: `variable.name[0].type`, and so on. */
type Blocks = Readonly<Record<string, Readonly<Record<string, readonly Block[]>>>>;
type Block = Readonly<Record<string, unknown>>;

/** A folder's .tf files. */
interface Folder {
  path: string;
  text: string;
  blocks: readonly Blocks[];
}

const MODULE_FILES = ["README.md", "main.tf", "outputs.tf", "variables.tf", "versions.tf"];
/** What may differ between staging and prod. */
const OWN_FILES = ["backend.tf", "terraform.tfvars"];
const SECRET_VALUE =
  /(password|secret|token|private_key)\w*\s*=\s*"[^"]+"|BEGIN [A-Z ]*PRIVATE KEY/i;

/** What in a Terraform tree is valid and still not as this project wants it, one line each. */
export async function conventionFaults(tree: string): Promise<string[]> {
  const folders = await readFolders(tree);
  return [
    ...folders.flatMap((folder) => [
      ...variableFaults(folder),
      ...outputFaults(folder),
      ...moduleFaults(folder),
      ...backendFaults(folder),
    ]),
    ...moduleFolderFaults(tree, folders),
    ...environmentFaults(tree),
    ...secretFaults(tree),
  ];
}

async function readFolders(tree: string): Promise<Folder[]> {
  const files = globSync("**/*.tf", { cwd: tree }).toSorted();
  const paths = [...new Set(files.map((file) => dirname(file)))];
  return await Promise.all(
    paths.map(async (path) => {
      const own = files.filter((file) => dirname(file) === path);
      const texts = own.map((file) => readFileSync(join(tree, file), "utf8"));
      const blocks = await Promise.all(texts.map((text, index) => parse(own[index] ?? path, text)));
      return { path, text: texts.join("\n"), blocks };
    }),
  );
}

function variableFaults({ path, text, blocks }: Folder): string[] {
  return named(blocks, "variable").flatMap(([name, block]) => [
    ...missing(`${path}: variable ${name}`, block, ["type", "description"]),
    ...(new RegExp(`\\bvar\\.${name}\\b`).test(text) ? [] : [`${path}: nobody uses var.${name}`]),
  ]);
}

function outputFaults({ path, blocks }: Folder): string[] {
  return named(blocks, "output").flatMap(([name, block]) =>
    missing(`${path}: output ${name}`, block, ["description"]),
  );
}

/** Pinned exactly, to the version whose inputs the table knows. */
function moduleFaults({ path, blocks }: Folder): string[] {
  return named(blocks, "module").flatMap(([name, { source, version }]) => {
    if (typeof source !== "string" || source.startsWith("../")) {
      return [];
    }
    const known = TABLE.modules[source];
    if (known === undefined) {
      return [`${path}: module ${name} is of ${source}, which the table does not know`];
    }
    return version === known.version
      ? []
      : [`${path}: module ${name} has version ${version ?? "none"}, not ${known.version}`];
  });
}

function backendFaults({ path, blocks, text }: Folder): string[] {
  if (!path.startsWith("envs/")) {
    return [];
  }
  const key = `${path.slice("envs/".length)}.tfstate`;
  return [
    ...(text.includes(`"${key}"`) ? [] : [`${path}: its state is not at ${key}`]),
    ...(/use_lockfile\s*=\s*true/.test(text) ? [] : [`${path}: its state is not locked`]),
    ...(named(blocks, "resource").length === 0 ? [] : [`${path}: a layer has modules only`]),
  ];
}

function moduleFolderFaults(tree: string, folders: readonly Folder[]): string[] {
  return folders
    .filter(({ path }) => /^modules\/[^/]+$/.test(path))
    .flatMap(({ path, blocks }) => [
      ...MODULE_FILES.filter((file) => !existsSync(join(tree, path, file))).map(
        (file) => `${path}: has no ${file}`,
      ),
      ...(globSync("tests/*.tftest.hcl", { cwd: join(tree, path) }).length > 0
        ? []
        : [`${path}: has no tests`]),
      ...(named(blocks, "provider").length === 0 ? [] : [`${path}: configures a provider`]),
    ]);
}

/** Staging proves what prod gets only while both are the same. */
function environmentFaults(tree: string): string[] {
  const [staging = [], prod = []] = ["staging", "prod"].map((environment) =>
    globSync("**/*.*", { cwd: join(tree, "envs", environment) }).toSorted(),
  );
  const files = new Set([...staging, ...prod]);
  return [...files]
    .filter((file) => !OWN_FILES.some((own) => file.endsWith(own)))
    .filter((file) => {
      const [left, right] = ["staging", "prod"].map((environment) => {
        const path = join(tree, "envs", environment, file);
        return existsSync(path) ? readFileSync(path, "utf8") : undefined;
      });
      return left !== right;
    })
    .map((file) => `envs/*/${file}: staging and prod differ`);
}

function secretFaults(tree: string): string[] {
  return globSync("**/*.tfvars", { cwd: tree })
    .filter((file) => !lstatSync(join(tree, file)).isSymbolicLink())
    .filter((file) => SECRET_VALUE.test(readFileSync(join(tree, file), "utf8")))
    .map((file) => `${file}: holds a secret`);
}

function named(blocks: readonly Blocks[], kind: string): [string, Block][] {
  return blocks.flatMap((file) =>
    Object.entries(file[kind] ?? {}).flatMap(([name, list]): [string, Block][] =>
      [list].flat().map((block) => [name, block]),
    ),
  );
}

function missing(what: string, block: Block, names: readonly string[]): string[] {
  return names.filter((name) => block[name] === undefined).map((name) => `${what} has no ${name}`);
}
