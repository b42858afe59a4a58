import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { findGo, GO_ENVIRONMENT } from "../local/go-program.ts";

/** A Go module that carries definitions of custom resources. */
interface CrdModule {
  /** With the version that a cluster is meant to have. */
  module: string;
  /** Go's checksum of it. */
  sum: string;
  folder: string;
  files: readonly string[];
}

const MODULES: readonly CrdModule[] = [
  {
    module: "sigs.k8s.io/gateway-api@v1.2.1",
    sum: "h1:fZZ/+RyRb+Y5tGkwxFKuYuSRQHu9dZtbjenblleOLHM=",
    folder: "config/crd/standard",
    files: [
      "gateway.networking.k8s.io_grpcroutes.yaml",
      "gateway.networking.k8s.io_httproutes.yaml",
    ],
  },
  {
    // What the chart 2.40.5 of terraform/modules/delivery installs.
    module: "github.com/argoproj/argo-rollouts@v1.8.3",
    sum: "h1:blbtQva4IK9r6gFh+dWkCrLnFdPOWiv9ubQYu36qeaA=",
    folder: "manifests/crds",
    files: ["rollout-crd.yaml", "analysis-template-crd.yaml"],
  },
  {
    module: "github.com/argoproj/argo-cd/v3@v3.5.7",
    sum: "h1:Xm1BF+I5OgDKUG3SDK49vn2/Y5AMyaNVko+/JT08gj0=",
    folder: "manifests/crds",
    files: ["application-crd.yaml", "applicationset-crd.yaml", "appproject-crd.yaml"],
  },
  {
    module: "github.com/external-secrets/external-secrets@v1.3.2",
    sum: "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",
    folder: "config/crds/bases",
    files: [
      "external-secrets.io_clustersecretstores.yaml",
      "external-secrets.io_externalsecrets.yaml",
      "external-secrets.io_secretstores.yaml",
    ],
  },
  {
    module: "github.com/prometheus-operator/prometheus-operator@v0.85.0",
    sum: "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
    folder: "example/prometheus-operator-crd",
    files: [
      "monitoring.coreos.com_podmonitors.yaml",
      "monitoring.coreos.com_prometheusrules.yaml",
      "monitoring.coreos.com_servicemonitors.yaml",
    ],
  },
  {
    module: "github.com/kedacore/keda/v2@v2.20.2",
    sum: "h1:SR60v8uIcelbveS8n/1jcl8tLdBBIbHMxmdOHw8tKqA=",
    folder: "config/crd/bases",
    files: ["keda.sh_scaledobjects.yaml", "keda.sh_triggerauthentications.yaml"],
  },
  {
    module: "github.com/cert-manager/cert-manager@v1.19.4",
    sum: "h1:7lOkSYj+nJNjgGFfAznQzPpOfWX+1Kgz6xUXwTa/K5k=",
    folder: "deploy/crds",
    files: [
      "cert-manager.io_certificates.yaml",
      "cert-manager.io_clusterissuers.yaml",
      "cert-manager.io_issuers.yaml",
    ],
  },
  {
    // The version that the clusters get is in no registry of modules; this one is a little newer.
    module: "github.com/cert-manager/trust-manager@v0.25.0",
    sum: "h1:nGtkHH9wEacI5uACdsq8wqCKWsCw1PMrwHPJcrUFUXA=",
    folder: "deploy/crds",
    files: ["trust.cert-manager.io_bundles.yaml"],
  },
];

/** Linkerd's own are in no Go module, so the tree has what it needs of them. */
const OWN_FILE = join(import.meta.dirname, "linkerd-crds.yaml");

const run = promisify(execFile);

/**
 * The files that define every custom resource the project may use. Go fetches the modules once,
 * into its own cache, and checks them.
 */
export async function crdFiles(): Promise<string[]> {
  const files = await Promise.all(MODULES.map(filesOf));
  return [...files.flat(), OWN_FILE];
}

async function filesOf({ module, sum, folder, files }: CrdModule): Promise<string[]> {
  const go = findGo(`fetch ${module}`);
  // Outside any module: nothing else has a say in the version.
  const options = { cwd: tmpdir(), env: { ...process.env, ...GO_ENVIRONMENT } };
  const found = await run(go, ["mod", "download", "-json", module], options).catch((cause) => {
    throw new OperatorError(`Go cannot fetch ${module}: ${cause.message}\n${cause.stdout}`, {
      cause,
    });
  });
  const { Dir, Sum }: { Dir: string; Sum: string } = JSON.parse(found.stdout);
  if (Sum !== sum) {
    throw new OperatorError(`${module} is not what it was: ${Sum} instead of ${sum}`);
  }
  return files.map((file) => join(Dir, folder, file));
}
