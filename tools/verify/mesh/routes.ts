import { type GrpcRoute, type HttpRoute, named, ofKind } from "./kinds.ts";
import { METHODS, type Method, unservedServices } from "./methods.ts";
import type { Workload, World } from "./world.ts";

/** What is wrong with how calls are routed, and with what is tried twice. */
export function checkRoutes(world: World): string[] {
  const grpcRoutes = ofKind(world.objects, "GRPCRoute");
  const httpRoutes = ofKind(world.objects, "HTTPRoute");
  return [
    ...[...grpcRoutes, ...httpRoutes].flatMap((route) => checkEnds(world, route)),
    ...grpcRoutes.flatMap(checkMethods),
    ...METHODS.flatMap((method) => checkCoverage(grpcRoutes, method)),
    ...world.workloads.flatMap((workload) => checkCatchAll(world, workload)),
    ...httpRoutes
      .filter(hasRetries)
      .map(({ metadata }) => `${metadata.name} repeats what buyers repeat themselves`),
    ...unservedServices().map((name) => `tools/verify/mesh/methods.ts does not know ${name}`),
  ];
}

/** The methods that a route names, as `service/method`; none for a catch-all. */
export function methodsOf({ spec }: GrpcRoute): string[] {
  return spec.rules
    .flatMap(({ matches }) => matches ?? [])
    .map(({ method }) => `${method?.service}/${method?.method}`);
}

/** True when the mesh may try again. */
function hasRetries({ metadata }: GrpcRoute | HttpRoute): boolean {
  const names = Object.keys(metadata.annotations ?? {});
  return names.some((name) => name.startsWith("retry.linkerd.io/"));
}

/** A route begins at a workload's port and ends at Services that exist. */
function checkEnds({ objects, workloads }: World, { metadata, kind, spec }: GrpcRoute | HttpRoute) {
  const problems: string[] = [];
  for (const parent of spec.parentRefs) {
    const workload = workloads.find(({ name }) => name === parent.name);
    const port = workload?.ports.find((one) => one.port === parent.port);
    const isRight = kind === "GRPCRoute" ? port?.name === "grpc" : port?.appProtocol === "http";
    if (parent.kind !== "Service" || !isRight) {
      problems.push(`has no Service ${parent.name} with port ${parent.port} for its kind`);
    }
  }
  for (const { name, port } of spec.rules.flatMap(({ backendRefs }) => backendRefs)) {
    const ports = workloads.find((one) => one.name === name)?.ports;
    const own = named(objects, "Service", name)?.spec.ports;
    if (![...(ports ?? []), ...(own ?? [])].some((one) => one.port === port)) {
      problems.push(`goes to a Service ${name} with port ${port}, which does not exist`);
    }
  }
  return problems.map((problem) => `${kind} ${metadata.name} ${problem}`);
}

function checkMethods(route: GrpcRoute): string[] {
  const parents = route.spec.parentRefs.map(({ name }) => name);
  return methodsOf(route).flatMap((name) => {
    const method = METHODS.find((one) => one.name === name);
    if (method === undefined || !parents.includes(method.workload)) {
      return [`GRPCRoute ${route.metadata.name}: ${parents.join()} has no method ${name}`];
    }
    return hasRetries(route) && !method.isIdempotent
      ? [`GRPCRoute ${route.metadata.name} retries ${name}, which is not idempotent`]
      : [];
  });
}

/** A new method must be thought of: what may be repeated is, and by one route. */
function checkCoverage(routes: readonly GrpcRoute[], { name, isIdempotent }: Method): string[] {
  const naming = routes.filter((route) => methodsOf(route).includes(name));
  if (naming.length > 1) {
    return [`${name} is in ${naming.length} routes`];
  }
  const [route] = naming;
  return isIdempotent && (route === undefined || !hasRetries(route))
    ? [`${name} may be delivered twice, and is in no route that retries`]
    : [];
}

/** Routes take the default route away: without a catch-all every other method is not found. */
function checkCatchAll({ objects }: World, { name, ports }: Workload): string[] {
  const port = ports.find((one) => one.name === "grpc")?.port;
  const catchAlls = ofKind(objects, "GRPCRoute").filter(
    ({ spec }) =>
      spec.parentRefs.some((parent) => parent.name === name && parent.port === port) &&
      spec.rules.some(({ matches }) => matches === undefined),
  );
  if (port === undefined || (catchAlls.length === 1 && !catchAlls.some(hasRetries))) {
    return [];
  }
  return [`${name} has ${catchAlls.length} catch-all routes; it needs one, without retries`];
}
