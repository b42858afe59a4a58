import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Outcome } from "../check/step.ts";
import { conventionFaults } from "./terraform/conventions.ts";
import { seamFaults } from "./terraform/seams.ts";
import { findStubProvider, findTofu } from "./terraform/tofu.ts";
import type { Workspace } from "./terraform/workspace.ts";
import { checkSettings, inWorkspace, TERRAFORM } from "./terraform.ts";

describe("faults in terraform/", () => {
  let tree: string;

  before(async function () {
    // The first time, OpenTofu may have to be built.
    this.timeout(1_800_000);
    await Promise.all([findTofu(), findStubProvider()]);
  });
  beforeEach(() => {
    tree = mkdtempSync(join(tmpdir(), "tessera-planted-"));
    cpSync(TERRAFORM, tree, { recursive: true, verbatimSymlinks: true });
  });
  afterEach(() => rmSync(tree, { recursive: true }));

  describe("are found by OpenTofu", () => {
    it("an input that a module of the registry does not have", async () => {
      change("modules/cluster/main.tf", "kubernetes_version  =", "cluster_version  =");
      expectFault(await validated("envs/prod/cluster"), 'argument named "cluster_version"');
    });

    it("a variable that nobody declared", async () => {
      change("modules/network/main.tf", "var.cidr", "var.range");
      expectFault(await validated("envs/prod/network"), 'variable with the name "range"');
    });

    it("an output of another layer's module that is not there", async () => {
      change("modules/network/main.tf", "module.vpc.private_route_table_ids", "module.vpc.routes");
      expectFault(await validated("envs/prod/network"), "routes");
    });

    it("an attribute that a resource does not have", async () => {
      change("modules/secrets/main.tf", "recovery_window_in_days =", "recovery_days =");
      expectFault(await validated("envs/prod/data"), 'argument named "recovery_days"');
    });

    it("a secret on its way into the state", async () => {
      change("modules/secrets/main.tf", "secret_string_wo = ", "secret_string = ");
      const outcome = await inWorkspace(
        (workspace) => workspace.run("modules/secrets", ["test"]),
        tree,
      );
      expectFault(outcome, "ephemeral");
    });

    it("settings that open more connections than the database accepts", async () => {
      change("envs/prod/terraform.tfvars", "db.r7g.xlarge", "db.t4g.medium");
      const outcome = await inWorkspace(checkSettings, tree);
      expectFault(outcome, "max_connections");
    });
  });

  describe("are found in what is valid", () => {
    it("a version that is not pinned", async () => {
      change("modules/network/main.tf", '"6.6.0"', '"~> 6.0"');
      await expectConvention("modules/network: module vpc has version ~> 6.0, not 6.6.0");
    });

    it("a variable without a description", async () => {
      change(
        "modules/ingress/variables.tf",
        '  description = "The host name that the public calls."\n',
        "",
      );
      await expectConvention("modules/ingress: variable host has no description");
    });

    it("a variable that nobody uses", async () => {
      change("modules/cluster/main.tf", "var.is_protected", "true");
      await expectConvention("modules/cluster: nobody uses var.is_protected");
    });

    it("a secret in a tfvars file", async () => {
      change("envs/prod/terraform.tfvars", "settings = {", 'settings = {\n  auth_token = "s3cret"');
      await expectConvention("envs/prod/terraform.tfvars: holds a secret");
    });

    it("a state that two people may write at once", async () => {
      change("envs/prod/data/backend.tf", "use_lockfile = true", "use_lockfile = false");
      await expectConvention("envs/prod/data: its state is not locked");
    });

    it("two layers with one state", async () => {
      change("envs/prod/data/backend.tf", "prod/data.tfstate", "prod/network.tfstate");
      await expectConvention("envs/prod/data: its state is not at prod/data.tfstate");
    });

    it("a prod that is not what staging proved", async () => {
      change("envs/prod/network/versions.tf", ">= 1.11.1", ">= 1.12.0");
      await expectConvention("envs/*/network/versions.tf: staging and prod differ");
    });
  });

  describe("are found between layers", () => {
    it("an output that the other layer does not give", () => {
      change("modules/network/outputs.tf", 'output "cache_subnet_ids"', 'output "cache_subnets"');
      expect(seamFaults(tree)).to.deep.equal([
        "envs/prod/data/main.tf: the network layer gives no cache_subnet_ids",
        "envs/staging/data/main.tf: the network layer gives no cache_subnet_ids",
      ]);
    });

    it("a role for a service account that no chart makes", () => {
      change("modules/delivery/charts.tf", '{ name = "external-dns" }', '{ name = "dns" }');
      expect(seamFaults(tree)).to.deep.equal([
        "modules/cluster/identities.tf: no chart makes external-dns in external-dns",
      ]);
    });
  });

  function change(file: string, before: string, after: string): void {
    const path = join(tree, file);
    const text = readFileSync(path, "utf8");
    expect(text, `${file} has changed: plant this fault elsewhere`).to.contain(before);
    writeFileSync(path, text.replace(before, after));
  }

  function validated(root: string): Promise<Outcome> {
    return inWorkspace((workspace: Workspace) => workspace.run(root, ["validate"]), tree);
  }

  async function expectConvention(fault: string): Promise<void> {
    expect(await conventionFaults(tree)).to.deep.equal([fault]);
  }
});

function expectFault({ isFine, output }: Outcome, words: string): void {
  expect(isFine, output).to.equal(false);
  expect(output).to.contain(words);
}
