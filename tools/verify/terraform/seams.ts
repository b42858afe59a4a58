import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What must agree between layers whose states are apart, so that no engine sees both sides. */
export function seamFaults(tree: string): string[] {
  return [...layerFaults(tree), ...identityFaults(tree)];
}

/** `local.network.vpc_id` is read from the network layer's state: modules/network must give it. */
function layerFaults(tree: string): string[] {
  return globSync("envs/*/*/*.tf", { cwd: tree })
    .toSorted()
    .flatMap((file) =>
      [...read(tree, file).matchAll(/\blocal\.(network|cluster)\.(\w+)/g)]
        .filter(
          ([, layer = "", name]) =>
            !read(tree, `modules/${layer}/outputs.tf`).includes(`output "${name}"`),
        )
        .map(([, layer, name]) => `${file}: the ${layer} layer gives no ${name}`),
    );
}

/** A role is bound to a service account by name; the chart that makes the account is elsewhere. */
function identityFaults(tree: string): string[] {
  const file = "modules/cluster/identities.tf";
  const charts = read(tree, "modules/delivery/charts.tf");
  const identities = read(tree, file).matchAll(
    /namespace = "([\w-]+)", service_account = "([\w-]+)"/g,
  );
  return (
    [...identities]
      .map(([, namespace = "", account = ""]) => ({ namespace, account }))
      // The EBS driver is an add-on of EKS, which names its account itself.
      .filter(({ account }) => account !== "ebs-csi-controller-sa")
      .filter(({ namespace, account }) => {
        const chart = charts
          .split(/^ {4}(?=[\w-]+ = \{$)/m)
          .find((text) => text.startsWith(account));
        return !(
          chart?.includes(`name = "${account}"`) &&
          new RegExp(`namespace\\s+= "${namespace}"`).test(chart)
        );
      })
      .map(({ namespace, account }) => `${file}: no chart makes ${account} in ${namespace}`)
  );
}

function read(tree: string, file: string): string {
  return readFileSync(join(tree, file), "utf8");
}
