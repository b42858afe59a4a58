import { spawnSync } from "node:child_process";
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import type { Outcome } from "../../check/step.ts";
import { PROVIDER_SCHEMAS, TABLE } from "./table.ts";
import { findStubProvider, findTofu } from "./tofu.ts";

/** A module of the public registry, as a .tf file asks for it. */
const REGISTRY_MODULE =
  /source(\s*)= "([\w-]+\/[\w-]+\/aws(?:\/\/[\w/-]+)?)"\n\s*version\s*= "[^"]*"\n/g;
/** What Node calls an architecture, by what Go calls it. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64" };
const TIMEOUT_MS = 120_000;

/**
 * A copy of the Terraform tree in which everything resolves on this machine: modules of the registry
 * are stubs with the inputs and outputs that the table names, and providers know their schemas and
 * do nothing.
 */
export class Workspace implements Disposable {
  /** The copied tree. */
  readonly folder: string;
  readonly #source: string;
  readonly #top: string;
  readonly #tofu: string;

  private constructor(source: string, tofu: string) {
    this.#source = source;
    this.#top = mkdtempSync(join(tmpdir(), "tessera-terraform-"));
    this.#tofu = tofu;
    this.folder = join(this.#top, "terraform");
  }

  static async of(source: string): Promise<Workspace> {
    const [tofu, stub] = await Promise.all([findTofu(), findStubProvider()]);
    const workspace = new Workspace(source, tofu);
    workspace.#copy();
    workspace.#writeStubs();
    workspace.#writeMirror(stub);
    return workspace;
  }

  [Symbol.dispose](): void {
    rmSync(this.#top, { recursive: true });
  }

  /** Runs OpenTofu in a folder of the tree, after `init` where that is needed. */
  run(folder: string, command: readonly string[]): Outcome {
    const cwd = join(this.folder, folder);
    const init = this.#tofuIn(cwd, ["init", "-backend=false", "-input=false", "-no-color"]);
    return init.isFine ? this.#tofuIn(cwd, [...command, "-no-color"]) : init;
  }

  /** Whether the tree itself is formatted; the copy was changed. */
  format(): Outcome {
    return this.#tofuIn(this.#source, ["fmt", "-check", "-recursive", "-diff"]);
  }

  #tofuIn(cwd: string, command: readonly string[]): Outcome {
    const { status, stdout, stderr, error } = spawnSync(this.#tofu, command, {
      cwd,
      encoding: "utf8",
      timeout: TIMEOUT_MS,
      env: {
        ...process.env,
        TF_CLI_CONFIG_FILE: join(this.#top, "tofu.rc"),
        STUB_SCHEMAS: PROVIDER_SCHEMAS,
        CHECKPOINT_DISABLE: "1",
      },
    });
    const title = `${relative(this.folder, cwd)}: tofu ${command.join(" ")}`;
    return { isFine: status === 0, output: [title, stdout, stderr, error ?? ""].join("\n") };
  }

  #copy(): void {
    cpSync(this.#source, this.folder, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !/\/\.terraform($|\.lock)/.test(path),
    });
    for (const file of globSync("**/*.tf", { cwd: this.folder })) {
      const path = join(this.folder, file);
      const text = readFileSync(path, "utf8").replaceAll(
        REGISTRY_MODULE,
        (_, space: string, name: string) =>
          `source${space}= "${relative(dirname(path), this.#stubOf(name))}"\n`,
      );
      writeFileSync(path, text);
    }
  }

  #stubOf(name: string): string {
    return join(this.#top, "stubs", name.replaceAll("/", "-"));
  }

  #writeStubs(): void {
    for (const [name, { inputs, outputs }] of Object.entries(TABLE.modules)) {
      const variables = inputs.map(
        (input) => `variable "${input}" {\n  type    = any\n  default = null\n}\n`,
      );
      // Of a resource that is never made: unknown, of any type.
      const values = outputs.map(
        (output) => `output "${output}" {\n  value = terraform_data.this.output\n}\n`,
      );
      mkdirSync(this.#stubOf(name), { recursive: true });
      writeFileSync(
        join(this.#stubOf(name), "main.tf"),
        [...variables, ...values, 'resource "terraform_data" "this" {}\n'].join("\n"),
      );
    }
  }

  #writeMirror(stub: string): void {
    const mirror = join(this.#top, "mirror");
    const platform = `${process.platform}_${ARCHITECTURES[process.arch] ?? process.arch}`;
    for (const [name, version] of Object.entries(TABLE.providers)) {
      const host = "registry.opentofu.org/hashicorp";
      const folder = join(mirror, host, name, version, platform);
      mkdirSync(folder, { recursive: true });
      symlinkSync(stub, join(folder, `terraform-provider-${name}`));
    }
    writeFileSync(
      join(this.#top, "tofu.rc"),
      `provider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`,
    );
  }
}
