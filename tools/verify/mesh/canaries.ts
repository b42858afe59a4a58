import { type GrpcRoute, type HttpRoute, named, ofKind, type Rollout } from "./kinds.ts";
import type { Workload, World } from "./world.ts";

const PLUGIN = "argoproj-labs/gatewayAPI";

/** What is wrong with releases; the base, which has none, has nothing wrong with them. */
export function checkCanaries(world: World): string[] {
  const rollouts = ofKind(world.objects, "Rollout");
  if (world.overlay === "base") {
    return rollouts.map(({ metadata }) => `the base has a Rollout ${metadata.name}`);
  }
  return world.workloads.flatMap((workload) => {
    const rollout = named(rollouts, "Rollout", workload.name);
    const problems =
      rollout === undefined
        ? ["is missing"]
        : [
            ...checkPods(rollout, workload),
            ...checkServices(world, rollout, workload),
            ...checkWeights(world, rollout, workload),
            ...checkAnalysis(world, rollout, workload),
          ];
    return problems.map((problem) => `Rollout ${workload.name} ${problem}`);
  });
}

function checkPods({ spec }: Rollout, { name, scaleTarget }: Workload): string[] {
  const { workloadRef } = spec;
  return [
    ...(workloadRef.kind === "Deployment" && workloadRef.name === name
      ? []
      : ["takes its pods from something else than the chart's Deployment"]),
    ...(scaleTarget === `Rollout ${name}`
      ? []
      : [`is not scaled: the chart scales ${scaleTarget}`]),
  ];
}

function checkServices({ objects }: World, { spec }: Rollout, workload: Workload): string[] {
  const { stableService, canaryService } = spec.strategy.canary;
  return [stableService, canaryService].flatMap((name) => {
    const service = named(objects, "Service", name);
    const selects = Object.entries(service?.spec.selector ?? {}).every(
      ([label, value]) => workload.labels[label] === value,
    );
    const ports = service?.spec.ports ?? [];
    const hasPorts = ports.every(({ port, targetPort, appProtocol }) =>
      workload.ports.some(
        (one) => one.port === port && one.name === targetPort && one.appProtocol === appProtocol,
      ),
    );
    return selects && hasPorts && ports.length > 0
      ? []
      : [`has no Service ${name} with the pods and ports of ${workload.name}`];
  });
}

/** The plugin changes weights in the routes that it is told of, so it is told of all of them. */
function checkWeights({ objects }: World, { spec }: Rollout, { name }: Workload): string[] {
  const { stableService, canaryService, trafficRouting } = spec.strategy.canary;
  const routes: (GrpcRoute | HttpRoute)[] = [
    ...ofKind(objects, "GRPCRoute"),
    ...ofKind(objects, "HTTPRoute"),
  ].filter((route) => route.spec.parentRefs.some((parent) => parent.name === name));
  const { grpcRoutes = [], httpRoutes = [] } = trafficRouting.plugins[PLUGIN] ?? {};
  const told = [...grpcRoutes, ...httpRoutes].map((route) => route.name).sort();
  const there = routes.map(({ metadata }) => metadata.name).sort();
  const expected = JSON.stringify([
    [stableService, 100],
    [canaryService, 0],
  ]);
  const isWeighed = routes.every((route) =>
    route.spec.rules.every(({ backendRefs }) => {
      const weights = backendRefs.map((backend) => [backend.name, backend.weight]);
      return JSON.stringify(weights) === expected;
    }),
  );
  return [
    ...(told.join() === there.join()
      ? []
      : [`moves the weights of [${told.join(", ")}] instead of [${there.join(", ")}]`]),
    ...(isWeighed ? [] : ["has routes that do not go to its two Services"]),
  ];
}

function checkAnalysis({ objects }: World, { spec }: Rollout, { name }: Workload): string[] {
  const { analysis, steps } = spec.strategy.canary;
  const value = (wanted: string) => analysis.args.find((arg) => arg.name === wanted)?.value;
  const problems = analysis.startingStep < steps.length ? [] : ["is never analysed"];
  for (const { templateName } of analysis.templates) {
    const template = named(objects, "AnalysisTemplate", templateName);
    const needed = template?.spec.args.filter((arg) => arg.value === undefined) ?? [];
    const missing = needed.filter(
      (arg) => !analysis.args.some(({ name: given }) => given === arg.name),
    );
    problems.push(
      ...(template ? [] : [`has no AnalysisTemplate ${templateName}`]),
      ...missing.map((arg) => `gives ${templateName} no ${arg.name}`),
    );
  }
  const server = named(objects, "Server", value("server") ?? "");
  const isOwn = server?.spec.podSelector.matchLabels?.["app.kubernetes.io/name"] === name;
  if (value("pods") !== name || !isOwn) {
    problems.push("looks at the calls of another workload");
  }
  return problems;
}
