import { SERVICES } from "@tessera/testkit/services";
import { expect } from "chai";
import type { KubernetesObject } from "./render-charts.ts";
import type { Application } from "./together/argocd.ts";
import { refusals } from "./together/delivery.ts";
import { healthProblems } from "./together/health.ts";
import { ignoredProblems } from "./together/ignored.ts";
import { neighbourProblems } from "./together/neighbours.ts";
import { readinessGateProblems } from "./together/readiness-gates.ts";
import { releaseProblems } from "./together/release.ts";
import { budgetProblems, secretProblems, versionProblems } from "./together/terraform.ts";
import { twins } from "./together/twins.ts";
import { webhookProblems } from "./together/webhooks.ts";

describe("the checks between parts", () => {
  it("see what two parts make", () => {
    const store = object("external-secrets.io/v1", "ClusterSecretStore", "aws");
    expect(twins([store, { ...store, apiVersion: "external-secrets.io/v1beta1" }])).to.deep.equal([
      "external-secrets.io/ClusterSecretStore tessera/aws is made 2 times",
    ]);
    expect(twins([store, object("v1", "Secret", "aws")])).to.deep.equal([]);
  });

  it("see secrets that Terraform does not make", () => {
    const reads = (key: string, property: string) =>
      object("external-secrets.io/v1", "ExternalSecret", "bff", {
        data: [{ remoteRef: { key, property } }],
      });
    const terraform = "merge({ REDIS_URL = var.redis_url })";
    const problems = secretProblems(
      [
        reads("tessera/prod/bff", "REDIS_URL"),
        reads("tessera/prod/bff", "REDIS_URLS"),
        reads("tessera/prod/user-svc", "REDIS_URL"),
      ],
      terraform,
    );
    expect(problems).to.deep.equal([
      "bff reads REDIS_URLS of tessera/prod/bff",
      "bff reads REDIS_URL of tessera/prod/user-svc",
    ]);
  });

  it("see callers that Terraform does not make", () => {
    const identityRefs = [
      { kind: "ServiceAccount", name: "bff" },
      { kind: "ServiceAccount", namespace: "monitoring", name: "prometheus-k8s" },
    ];
    const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": "ingress" } };
    const objects = [
      object("policy.linkerd.io/v1alpha1", "MeshTLSAuthentication", "scrapers", { identityRefs }),
      object("networking.k8s.io/v1", "NetworkPolicy", "bff", {
        ingress: [{ from: [{ namespaceSelector }] }],
      }),
    ];
    const terraform = 'namespace = "monitoring"\nserviceAccount = { name = "prometheus" }';
    expect(neighbourProblems(objects, terraform)).to.deep.equal([
      "scrapers lets prometheus-k8s in, which Terraform does not make",
      "bff names namespace ingress, which Terraform does not make",
    ]);
  });

  it("see pods that their load balancer does not know yet", () => {
    const annotation = "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type";
    const terraform = [
      "    nginx = {",
      '      namespace  = "ingress"',
      `      values = { "${annotation}" = "ip" }`,
      "    }",
      "    other = {",
      '      namespace  = "other"',
      "    }",
    ].join("\n");
    const namespace = object("v1", "Namespace", "ingress");
    const labels = { "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled" };
    const labelled = { ...namespace, metadata: { ...namespace.metadata, labels } };
    expect(readinessGateProblems([labelled], terraform)).to.deep.equal([]);
    expect(readinessGateProblems([namespace], terraform)).to.deep.equal([
      "pods in ingress are ready before their load balancer knows them",
    ]);
  });

  it("see webhooks of the mesh without a certificate of theirs", () => {
    const terraform = ["linkerd-proxy-injector", "linkerd-sp-validator", "linkerd-policy-validator"]
      .map((name) => `injectCaFrom = "linkerd/${name}"`)
      .join("\n");
    const certificate = (name: string, spec: object) => {
      const made = object("cert-manager.io/v1", "Certificate", name, spec);
      return { ...made, metadata: { name, namespace: "linkerd" } };
    };
    const objects = [
      certificate("linkerd-proxy-injector", {
        secretName: "linkerd-proxy-injector-k8s-tls",
        dnsNames: ["linkerd-proxy-injector.linkerd.svc"],
      }),
      certificate("linkerd-sp-validator", { secretName: "sp-validator", dnsNames: ["sp.svc"] }),
    ];
    expect(webhookProblems(objects, terraform)).to.deep.equal([
      "linkerd-sp-validator looks for no secret sp-validator",
      "linkerd-sp-validator is not called sp.svc",
      "nobody makes the certificate linkerd/linkerd-policy-validator",
    ]);
    expect(webhookProblems(objects, "")).to.have.length(1);
  });

  it("see more connections than the database was chosen for", () => {
    const objects = [
      object("autoscaling/v2", "HorizontalPodAutoscaler", "user-svc", { maxReplicas: 9 }),
      object("apps/v1", "Deployment", "user-svc", {
        template: {
          spec: { containers: [{ name: "app", env: [{ name: "MYSQL_POOL_SIZE", value: "16" }] }] },
        },
      }),
    ];
    const settings = "    user-svc = { max_replicas = 6, mysql_pool_size = 8 }";
    expect(budgetProblems(objects, settings)).to.deep.equal([
      "user-svc has up to 9 replicas, and Terraform counts with 6",
      "user-svc has 16 connections a replica, and Terraform counts with 8",
    ]);
    expect(budgetProblems(objects, "")).to.deep.equal(["terraform.tfvars counts no replicas"]);
  });

  it("see a cluster of another version", () => {
    const settings = (version: string) => `kubernetes_version = "${version}"`;
    expect(versionProblems("v1.34.4", settings("1.34"))).to.deep.equal([]);
    expect(versionProblems("v1.34.4", settings("1.3"))).to.have.length(1);
    expect(versionProblems("v1.34.4", "")).to.have.length(1);
  });

  it("see what Argo CD would refuse", () => {
    const project = {
      sourceRepos: ["https://git.example/tessera.git"],
      destinations: [{ namespace: "tessera" }],
      clusterResourceWhitelist: [{ group: "", kind: "Namespace" }],
    };
    const map = object("v1", "ConfigMap", "bff");
    const elsewhere = { ...map, metadata: { name: "bff", namespace: "kube-system" } };
    const namespace = object("v1", "Namespace", "tessera");
    const role = object("rbac.authorization.k8s.io/v1", "ClusterRole", "admin");
    const answers = new Map([
      [map, { isKnown: true, isNamespaced: true, problems: ["it is wrong"] }],
      [elsewhere, { isKnown: true, isNamespaced: true, problems: [] }],
      [namespace, { isKnown: true, isNamespaced: false, problems: [] }],
      [role, { isKnown: true, isNamespaced: false, problems: [] }],
    ]);
    const deliveries = [
      {
        application: application("root", "default", "https://git.example/tessera.git"),
        objects: [object("argoproj.io/v1alpha1", "AppProject", "tessera", project)],
      },
      {
        application: application("bff", "tessera", "https://git.example/other.git"),
        objects: [map, elsewhere, namespace, role],
      },
      { application: application("lost", "nobody", ""), objects: [] },
    ];
    expect(refusals(deliveries, answers)).to.deep.equal([
      "Application bff: ConfigMap bff: it is wrong",
      "Application bff: ConfigMap bff: project tessera does not allow it",
      "Application bff: ClusterRole admin: project tessera does not allow it",
      "Application bff: project tessera does not know https://git.example/other.git",
      "Application lost: nobody makes project nobody",
    ]);
  });

  it("see what waits for a later wave, and is waited for by it", () => {
    const inWave = <T extends KubernetesObject>(wave: string, made: T): T => ({
      ...made,
      metadata: { ...made.metadata, annotations: { "argocd.argoproj.io/sync-wave": wave } },
    });
    const route = (name: string, service: string) =>
      object("gateway.networking.k8s.io/v1", "HTTPRoute", name, {
        parentRefs: [{ kind: "Service", name: service }],
      });
    const patient = route("patient", "bff");
    patient.metadata.annotations = { "argocd.argoproj.io/ignore-healthcheck": "true" };
    const problems = healthProblems([
      {
        application: inWave("-5", application("mesh", "tessera", "")),
        objects: [
          route("bff", "bff"),
          patient,
          route("own", "own"),
          object("v1", "Service", "own"),
        ],
      },
      {
        application: inWave("2", application("bff", "tessera", "")),
        objects: [object("v1", "Service", "bff"), route("beside", "bff")],
      },
    ]);
    expect(problems).to.deep.equal([
      "Application mesh: HTTPRoute bff waits for Service bff of a later wave",
    ]);
  });

  it("see syncs that move what is somebody else's, or leave too much alone", () => {
    const mesh = (...syncOptions: string[]) => {
      const { spec, ...rest } = application("mesh", "tessera", "");
      const ignoreDifferences = [
        { jqPathExpressions: [".spec.rules[]?.weight", ".spec.selector.hash"] },
      ];
      const moved = { ...rest, spec: { ...spec, ignoreDifferences, syncPolicy: { syncOptions } } };
      return ignoredProblems([{ application: moved, objects: [] }]);
    };
    expect(mesh("ApplyOutOfSyncOnly=true")).to.deep.equal([]);
    expect(mesh("RespectIgnoreDifferences=true")).to.deep.equal([
      "Application mesh never writes the list of .spec.rules[]?.weight",
      "Application mesh writes .spec.rules[]?.weight at every sync",
    ]);
  });

  it("see pods that would not run what was released", () => {
    const container = { name: "app", image: "registry.example/tessera/bff:latest" };
    const template = { metadata: { labels: {} }, spec: { containers: [container] } };
    const problems = releaseProblems([object("apps/v1", "Deployment", "bff", { template })]);
    expect(problems).to.have.length(1 + SERVICES.length);
    expect(problems[0]).to.contain("tessera/bff:latest, which was not released");
  });
});

function object(
  apiVersion: string,
  kind: string,
  name: string,
  spec: object = {},
): KubernetesObject {
  return { apiVersion, kind, metadata: { name }, spec };
}

function application(name: string, project: string, repoURL: string): Application {
  const spec = {
    project,
    source: { repoURL, path: "charts/bff" },
    destination: { namespace: "tessera" },
  };
  return { ...object("argoproj.io/v1alpha1", "Application", name), spec };
}
