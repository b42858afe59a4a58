import { expect } from "chai";
import type { KubernetesObject } from "./render-charts.ts";
import { strictProblems } from "./strict.ts";

// The objects are right but for one fault each, which a chart or an overlay could make.

describe("strictProblems()", () => {
  it("is content with what is right", async () => {
    const objects = [deployment(), rule(), route(), server()];
    expect(await strictProblems([{ origin: "here", objects }])).to.deep.equal([]);
  });

  for (const [what, object, problem] of [
    [
      "an unknown field of a container",
      deployment({ imagePullpolicy: "Always" }),
      'unknown field "spec.template.spec.containers[0].imagePullpolicy"',
    ],
    [
      "a volume that is mounted and not there",
      deployment({ volumeMounts: [{ name: "cache", mountPath: "/cache" }] }),
      "volumeMounts[0].name: Not found",
    ],
    [
      "a pod that could become root",
      deployment({ securityContext: { allowPrivilegeEscalation: true } }),
      "pod security: allowPrivilegeEscalation != false",
    ],
    [
      "an unknown field of an alert",
      rule({ severity: "critical" }),
      'unknown field "spec.groups[0].rules[0].severity"',
    ],
    ["an unknown field of a route", route({ retries: 2 }), 'unknown field "spec.rules[0].retries"'],
    [
      "a route to a method without a name",
      route({ matches: [{ method: { type: "Exact" } }] }),
      "One or both of 'service' or 'method' must be specified",
    ],
    ["a protocol that Linkerd has not", server({ proxyProtocol: "grpc" }), "Unsupported value"],
    ["a label that Kubernetes refuses", labelled("no spaces"), "metadata.labels: Invalid value"],
    [
      "a version that is not served",
      { ...route(), apiVersion: "gateway.networking.k8s.io/v1alpha2" },
      "nobody defines gateway.networking.k8s.io/v1alpha2 GRPCRoute",
    ],
  ] as const) {
    it(`sees ${what}`, async () => {
      const problems = await strictProblems([{ origin: "here", objects: [object] }]);
      expect(problems.join("\n")).to.contain(problem);
    });
  }
});

function deployment(container: object = {}): KubernetesObject {
  const labels = { "app.kubernetes.io/name": "bff" };
  const securityContext = {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
    ...("securityContext" in container ? (container.securityContext as object) : {}),
  };
  const app = {
    name: "app",
    image: "registry.example/bff@sha256:0",
    ...container,
    securityContext,
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "bff" },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [app] } },
    },
  };
}

function labelled(value: string): KubernetesObject {
  const made = server();
  return { ...made, metadata: { ...made.metadata, labels: { team: value } } };
}

function rule(fields: object = {}): KubernetesObject {
  const alert = { alert: "Oversold", expr: "oversold > 0", labels: { severity: "critical" } };
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: { name: "tessera" },
    spec: { groups: [{ name: "invariants", rules: [{ ...alert, ...fields }] }] },
  };
}

function route(fields: object = {}): KubernetesObject {
  const backendRefs = [{ name: "user-svc", port: 50053 }];
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GRPCRoute",
    metadata: { name: "user-svc" },
    spec: {
      parentRefs: [{ group: "core", kind: "Service", name: "user-svc", port: 50053 }],
      rules: [{ backendRefs, ...fields }],
    },
  };
}

function server(fields: object = {}): KubernetesObject {
  return {
    apiVersion: "policy.linkerd.io/v1beta3",
    kind: "Server",
    metadata: { name: "user-svc-grpc" },
    spec: { podSelector: { matchLabels: {} }, port: "grpc", proxyProtocol: "gRPC", ...fields },
  };
}
