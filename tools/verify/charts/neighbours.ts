import type { Rendered } from "../render-charts.ts";
import { appOf, ofKind, type PolicyRule, plainEnv } from "./objects.ts";

/** One workload may call another on a port, as the policy of one of them says. */
interface Call {
  from: string;
  to: string;
  port: string | number;
}

/**
 * Workloads that are installed together: who is called is there, on that port, and the network
 * policies on both sides let the call through. `all` are the charts with one environment's values.
 */
export function checkNeighbours(all: readonly Rendered[]): string[] {
  return [...addresses(all), ...policies(all)];
}

/** Each `…_ADDRESS` is a Service of a neighbour, and its port. */
function addresses(all: readonly Rendered[]): string[] {
  const services = all.flatMap(({ objects }) =>
    ofKind(objects, "Service").flatMap(({ metadata, spec }) =>
      spec.ports.map(({ port, name }) => ({ address: `${metadata.name}:${port}`, name })),
    ),
  );
  return all.flatMap(({ chart, objects }) =>
    ofKind(objects, "Deployment").flatMap((deployment) =>
      Object.entries(plainEnv(appOf(deployment)))
        .filter(([name]) => name.endsWith("_ADDRESS"))
        .filter(
          ([, address]) =>
            !services.some((each) => each.address === address && each.name === "grpc"),
        )
        .map(([name, address]) => `${chart}: ${name} is ${address}, and no gRPC is served there`),
    ),
  );
}

function policies(all: readonly Rendered[]): string[] {
  const leaving = all.flatMap((rendered) => calls(rendered, "egress"));
  const arriving = all.flatMap((rendered) => calls(rendered, "ingress"));
  const isIn = (call: Call, others: readonly Call[]) =>
    others.some(({ from, to, port }) => from === call.from && to === call.to && port === call.port);
  return [
    ...leaving
      .filter((call) => !isIn(call, arriving))
      .map(({ from, to, port }) => `${from} may call ${to}:${port}, which does not let it in`),
    ...arriving
      .filter((call) => !isIn(call, leaving))
      .map(({ from, to, port }) => `${to}:${port} lets ${from} in, which may not leave for it`),
    ...addressesWithoutWay(all, leaving),
  ];
}

function calls({ chart, objects }: Rendered, direction: "ingress" | "egress"): Call[] {
  const policy = ofKind(objects, "NetworkPolicy").find(({ metadata }) => metadata.name === chart);
  const rules: PolicyRule[] = policy?.spec[direction] ?? [];
  return rules.flatMap((rule) =>
    (rule.from ?? rule.to ?? [])
      .flatMap(({ podSelector }) => podSelector?.matchLabels["app.kubernetes.io/name"] ?? [])
      .flatMap((other) =>
        rule.ports.map(({ port }) =>
          direction === "egress"
            ? { from: chart, to: other, port }
            : { from: other, to: chart, port },
        ),
      ),
  );
}

/** Whoever has an address may also go there. */
function addressesWithoutWay(all: readonly Rendered[], leaving: readonly Call[]): string[] {
  return all.flatMap(({ chart, objects }) =>
    ofKind(objects, "Deployment").flatMap((deployment) =>
      Object.entries(plainEnv(appOf(deployment)))
        .filter(([name]) => name.endsWith("_ADDRESS"))
        .map(([, address]) => address.split(":")[0])
        .filter((to) => !leaving.some((call) => call.from === chart && call.to === to))
        .map((to) => `${chart} has the address of ${to}, and its network policy keeps it in`),
    ),
  );
}
