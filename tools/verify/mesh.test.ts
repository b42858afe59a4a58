import { expect } from "chai";
import { checkAnnotations } from "./mesh/annotations.ts";
import { checkCanaries } from "./mesh/canaries.ts";
import { checkDeadlines } from "./mesh/deadlines.ts";
import { named, ofKind } from "./mesh/kinds.ts";
import { checkPolicies } from "./mesh/policies.ts";
import { checkReadme } from "./mesh/readme.ts";
import { checkRoutes } from "./mesh/routes.ts";
import { loadWorlds, type World } from "./mesh/world.ts";

// Faults that render well and pass every schema, each planted in the mesh as it is.

const CHECKS = [checkPolicies, checkRoutes, checkDeadlines, checkAnnotations, checkCanaries];

describe("the checks of the mesh", () => {
  let prod: World;

  before(async function () {
    // The first time, kustomize and helm may have to be built.
    this.timeout(600_000);
    prod = of((await loadWorlds()).find(({ overlay }) => overlay === "prod"));
  });

  it("find nothing in the mesh as it is", () => {
    expect(problemsOf(prod)).to.deep.equal([]);
  });

  it("find a retry of a method that is not idempotent", () => {
    const world = structuredClone(prod);
    const route = of(named(world.objects, "GRPCRoute", "user-svc-changes"));
    const matches = of(route.spec.rules[0]?.matches);
    matches.push({ method: { service: "tessera.user.v1.UserService", method: "CreateSession" } });
    expect(problemsOf(world)).to.deep.equal([
      "GRPCRoute user-svc-changes retries tessera.user.v1.UserService/CreateSession, which is not idempotent",
    ]);
  });

  it("find a method that nobody has, and one that nobody thought of", () => {
    const world = structuredClone(prod);
    const route = of(named(world.objects, "GRPCRoute", "user-svc-reads"));
    of(route.spec.rules[0]?.matches?.[0]?.method).method = "GetUsers";
    expect(problemsOf(world)).to.deep.equal([
      "GRPCRoute user-svc-reads: user-svc has no method tessera.user.v1.UserService/GetUsers",
      "tessera.user.v1.UserService/GetUser may be delivered twice, and is in no route that retries",
    ]);
  });

  it("find a Server of a port that no pod has", () => {
    const world = structuredClone(prod);
    of(named(world.objects, "Server", "inventory-svc-grpc")).spec.port = "rpc";
    expect(problemsOf(world)).to.include.members([
      "inventory-svc's port grpc has 0 Servers instead of one",
      'Server inventory-svc-grpc: no workload has the labels {"app.kubernetes.io/name":"inventory-svc"} and a port rpc',
    ]);
  });

  it("find a caller that is missing, and one too many", () => {
    const world = structuredClone(prod);
    const inventory = of(named(world.objects, "MeshTLSAuthentication", "inventory-svc-callers"));
    inventory.spec.identityRefs.pop();
    const user = of(named(world.objects, "MeshTLSAuthentication", "user-svc-callers"));
    user.spec.identityRefs.push({ kind: "ServiceAccount", name: "reservation-svc" });
    expect(problemsOf(world)).to.deep.equal([
      "inventory-svc's port grpc lets in [tessera/bff] instead of [tessera/bff, tessera/reservation-svc]",
      "user-svc's port grpc lets in [tessera/bff, tessera/reservation-svc] instead of [tessera/bff]",
    ]);
  });

  it("find a client that does not exist", () => {
    const world = structuredClone(prod);
    const prometheus = of(named(world.objects, "MeshTLSAuthentication", "prometheus"));
    of(prometheus.spec.identityRefs[0]).namespace = "linkerd-viz";
    expect(problemsOf(world)).to.include(
      "MeshTLSAuthentication prometheus: nobody knows linkerd-viz/prometheus",
    );
  });

  it("find a route that shuts the kubelet out", () => {
    const world = structuredClone(prod);
    const route = of(named(world.objects, "HTTPRoute", "bff-streams"));
    of(route.spec.parentRefs[0]).kind = "Server";
    of(route.spec.parentRefs[0]).name = "bff-admin";
    expect(problemsOf(world)).to.include(
      "bff's port admin is probed: a route on its Server would shut the kubelet out",
    );
  });

  it("find a service without a catch-all route", () => {
    const world = structuredClone(prod);
    world.objects = world.objects.filter(
      ({ kind, metadata }) => kind !== "GRPCRoute" || metadata.name !== "user-svc",
    );
    expect(problemsOf(world)).to.deep.equal([
      "user-svc has 0 catch-all routes; it needs one, without retries",
      "Rollout user-svc moves the weights of [user-svc, user-svc-changes, user-svc-reads] instead of [user-svc-changes, user-svc-reads]",
    ]);
  });

  it("find tries that take longer than the request, and a caller that gives up first", () => {
    const world = structuredClone(prod);
    annotate(world, "inventory-svc-reads", "retry.linkerd.io/timeout", "500ms");
    annotate(world, "inventory-svc-changes", "timeout.linkerd.io/request", "1500ms");
    expect(problemsOf(world)).to.deep.equal([
      "GRPCRoute inventory-svc-reads: 2 tries take 1050 ms, more than 900",
      "reservation-svc's calls: 1500 ms must be more than 1400, 1500, 900",
    ]);
  });

  it("find a table that tells of another time", () => {
    const world = structuredClone(prod);
    annotate(world, "user-svc-reads", "retry.linkerd.io/timeout", "300ms");
    expect(checkReadme(world)).to.deep.equal([
      "mesh/README.md says of user-svc-reads: 2, 400ms, 900ms, not 2, 300ms, 900ms",
    ]);
  });

  it("find annotations that Linkerd would pass over", () => {
    const world = structuredClone(prod);
    annotate(world, "inventory-svc-reads", "retry.linkerd.io/grpc", "unavailable, internal");
    annotate(world, "inventory-svc-reads", "retry.linkerd.io/timeout", "0.4s");
    annotate(world, "inventory-svc-reads", "retry.linkerd.io/budget", "20");
    const service = of(world.workloads.find(({ name }) => name === "user-svc")).service;
    of(service.metadata.annotations)["balancer.linkerd.io/failure-accrual"] = "on";
    expect(checkAnnotations(world)).to.deep.equal([
      'GRPCRoute inventory-svc-reads: retry.linkerd.io/grpc cannot be "unavailable, internal"',
      'GRPCRoute inventory-svc-reads: retry.linkerd.io/timeout cannot be "0.4s"',
      "GRPCRoute inventory-svc-reads: retry.linkerd.io/budget means nothing here",
      'Service user-svc: balancer.linkerd.io/failure-accrual cannot be "on"',
    ]);
  });

  it("find a canary that gets nothing, or is judged by somebody else's calls", () => {
    const world = structuredClone(prod);
    of(named(world.objects, "Service", "bff-canary")).spec.selector = { app: "bff" };
    const [, , , rollout] = ofKind(world.objects, "Rollout");
    const { analysis } = of(rollout).spec.strategy.canary;
    of(analysis.args.find(({ name }) => name === "server")).value = "bff-http";
    expect(problemsOf(world)).to.deep.equal([
      "Rollout bff has no Service bff-canary with the pods and ports of bff",
      "Rollout user-svc looks at the calls of another workload",
    ]);
  });

  it("find an autoscaler that scales what no longer has pods", () => {
    const world = structuredClone(prod);
    of(world.workloads[0]).scaleTarget = "Deployment bff";
    expect(problemsOf(world)).to.deep.equal([
      "Rollout bff is not scaled: the chart scales Deployment bff",
    ]);
  });
});

function problemsOf(world: World): string[] {
  return CHECKS.flatMap((check) => check(world));
}

function annotate(world: World, route: string, name: string, value: string): void {
  of(of(named(world.objects, "GRPCRoute", route)).metadata.annotations)[name] = value;
}

/** What the mesh as it is has. */
function of<T>(value: T | undefined): T {
  if (value === undefined) {
    throw new Error("the mesh has changed: plant the fault elsewhere");
  }
  return value;
}
