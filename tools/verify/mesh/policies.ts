import { named, ofKind, type Reference, type Server } from "./kinds.ts";
import type { Workload, World } from "./world.ts";

/** Who comes from outside, and to which port of which workload. */
const WAY_IN = { workload: "bff", port: "http", client: "ingress-nginx/ingress-nginx" };
/** Scrapes the ports that probes go to as well, and the proxies. */
const PROMETHEUS = "monitoring/prometheus";
const OUTSIDE = [WAY_IN.client, PROMETHEUS];
/** What a Server must say of what the Service's port says. */
const PROXY_PROTOCOL: Readonly<Record<string, string>> = {
  "kubernetes.io/h2c": "gRPC",
  http: "HTTP/1",
};

/** What is wrong with who may call whom: each port has a Server, which lets in its callers alone. */
export function checkPolicies(world: World): string[] {
  return [
    ...checkNamespace(world),
    ...checkReferences(world),
    ...world.workloads.flatMap((workload) =>
      workload.ports.flatMap((port) => checkPort(world, workload, port)),
    ),
    ...ofKind(world.objects, "Server").flatMap((server) => checkServer(world, server)),
    ...checkRateLimits(world),
  ];
}

function checkNamespace({ objects }: World): string[] {
  const annotations = named(objects, "Namespace", "tessera")?.metadata.annotations ?? {};
  return annotations["config.linkerd.io/default-inbound-policy"] === "deny" &&
    annotations["linkerd.io/inject"] === "enabled"
    ? []
    : ["the Namespace does not deny by default, or is not meshed"];
}

function checkPort(world: World, workload: Workload, port: Workload["ports"][number]): string[] {
  const where = `${workload.name}'s port ${port.name}`;
  const servers = ofKind(world.objects, "Server").filter(
    (server) => server.spec.port === port.name && selects(server, workload),
  );
  const [server] = servers;
  if (server === undefined || servers.length > 1) {
    return [`${where} has ${servers.length} Servers instead of one`];
  }
  const problems: string[] = [];
  const protocol = PROXY_PROTOCOL[port.appProtocol];
  if (server.spec.proxyProtocol !== protocol) {
    problems.push(`${where} is ${port.appProtocol}, so its Server's protocol is ${protocol}`);
  }
  const actual = clientsOf(world, server).sort().join(", ");
  const expected = callersOf(world, workload, port).sort().join(", ");
  if (actual !== expected) {
    problems.push(`${where} lets in [${actual}] instead of [${expected}]`);
  }
  if (workload.probePorts.has(port.name) && hasRoutes(world, server)) {
    problems.push(`${where} is probed: a route on its Server would shut the kubelet out`);
  }
  return problems;
}

/** Who is meant to call a port. */
function callersOf(
  { workloads }: World,
  { name, probePorts }: Workload,
  port: Workload["ports"][number],
): string[] {
  const callers = workloads
    .filter(({ callees }) =>
      callees.some((callee) => callee.workload === name && callee.port === port.port),
    )
    .map(({ serviceAccount }) => `tessera/${serviceAccount}`);
  const isWayIn = name === WAY_IN.workload && port.name === WAY_IN.port;
  return [
    ...callers,
    ...(isWayIn ? [WAY_IN.client] : []),
    ...(probePorts.has(port.name) ? [PROMETHEUS] : []),
  ];
}

/** Who is let in by the policies of a Server. */
function clientsOf({ objects }: World, server: Server): string[] {
  return ofKind(objects, "AuthorizationPolicy")
    .filter(({ spec }) => pointsTo(spec.targetRef, server))
    .flatMap(({ spec }) => spec.requiredAuthenticationRefs)
    .flatMap(({ kind, name }) => {
      const identities = named(objects, "MeshTLSAuthentication", name)?.spec.identityRefs;
      return kind === "MeshTLSAuthentication" && identities !== undefined
        ? identities.map(clientName)
        : [`${kind} ${name}`];
    });
}

function checkServer(world: World, server: Server): string[] {
  const { name } = server.metadata;
  const { accessPolicy, podSelector, port } = server.spec;
  const problems = accessPolicy === "deny" ? [] : [`Server ${name} does not deny`];
  if (port === "linkerd-admin") {
    const clients = clientsOf(world, server).join(", ");
    return clients === PROMETHEUS ? problems : [...problems, `Server ${name} lets in [${clients}]`];
  }
  const fits = world.workloads.some(
    (workload) => selects(server, workload) && workload.ports.some((one) => one.name === port),
  );
  if (!fits) {
    const labels = JSON.stringify(podSelector.matchLabels);
    problems.push(`Server ${name}: no workload has the labels ${labels} and a port ${port}`);
  }
  return problems;
}

function checkReferences({ objects, workloads }: World): string[] {
  const problems: string[] = [];
  for (const { metadata, spec } of ofKind(objects, "AuthorizationPolicy")) {
    for (const { kind, name } of [spec.targetRef, ...spec.requiredAuthenticationRefs]) {
      if (!objects.some((object) => object.kind === kind && object.metadata.name === name)) {
        problems.push(`AuthorizationPolicy ${metadata.name}: there is no ${kind} ${name}`);
      }
    }
  }
  const known = [...OUTSIDE, ...workloads.map((one) => `tessera/${one.serviceAccount}`)];
  for (const { metadata, spec } of ofKind(objects, "MeshTLSAuthentication")) {
    for (const client of spec.identityRefs.map(clientName)) {
      if (!known.includes(client)) {
        problems.push(`MeshTLSAuthentication ${metadata.name}: nobody knows ${client}`);
      }
    }
  }
  return problems;
}

function checkRateLimits({ objects }: World): string[] {
  return ofKind(objects, "HTTPLocalRateLimitPolicy").flatMap(({ metadata, spec }) => {
    const total = spec.total.requestsPerSecond;
    const parts = [spec.identity, ...spec.overrides];
    const clients = spec.overrides.flatMap(({ clientRefs }) => clientRefs).map(clientName);
    return [
      ...(named(objects, "Server", spec.targetRef.name) ? [] : ["has no Server"]),
      ...(parts.every((part) => part.requestsPerSecond <= total) ? [] : ["has parts above total"]),
      ...(clients.includes(WAY_IN.client) ? [] : [`gives ${WAY_IN.client} no share of its own`]),
    ].map((problem) => `HTTPLocalRateLimitPolicy ${metadata.name} ${problem}`);
  });
}

function selects({ spec }: Server, { labels }: Workload): boolean {
  const wanted = Object.entries(spec.podSelector.matchLabels ?? {});
  return wanted.length > 0 && wanted.every(([label, value]) => labels[label] === value);
}

function hasRoutes({ objects }: World, server: Server): boolean {
  return [...ofKind(objects, "GRPCRoute"), ...ofKind(objects, "HTTPRoute")].some(({ spec }) =>
    spec.parentRefs.some((parent) => pointsTo(parent, server)),
  );
}

function pointsTo({ kind, name }: Reference, { metadata }: Server): boolean {
  return kind === "Server" && name === metadata.name;
}

function clientName({ namespace = "tessera", name }: Reference): string {
  return `${namespace}/${name}`;
}
