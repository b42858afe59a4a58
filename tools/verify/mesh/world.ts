import { plainEnv } from "../charts/objects.ts";
import { readBy } from "../charts/programs.ts";
import { CHARTS_FOLDER, type KubernetesObject, render, withCharts } from "../render-charts.ts";
import { renderMesh } from "../render-mesh.ts";
import { named, ofKind } from "./kinds.ts";

/** What the mesh has to fit: a workload as its chart makes it. */
export interface Workload {
  name: string;
  serviceAccount: string;
  /** Of its pods. */
  labels: Record<string, string>;
  ports: { name: string; port: number; appProtocol: string }[];
  /** Names of the ports that the kubelet's probes go to. */
  probePorts: Set<string>;
  /** Its settings that are no secrets. */
  settings: Record<string, string>;
  /** What its autoscaler scales. */
  scaleTarget: string;
  /** The workloads that it calls, by the names of their Services. */
  callees: { workload: string; port: number }[];
  service: KubernetesObject;
}

/** One overlay of the mesh, and the workloads that it is for. */
export interface World {
  overlay: string;
  objects: KubernetesObject[];
  workloads: Workload[];
}

const WORKLOADS = ["bff", "inventory-svc", "reservation-svc", "user-svc"];
/** The base stands alone on a laptop; but for who runs the pods it is what production has. */
const VALUES_OF: Readonly<Record<string, string>> = {
  base: "values-prod.yaml",
  staging: "values-staging.yaml",
  prod: "values-prod.yaml",
};

/** Renders the base and the overlays, and the charts beside them. */
export async function loadWorlds(): Promise<World[]> {
  const meshes = await renderMesh();
  return await withCharts(CHARTS_FOLDER, async (charts) => {
    const worlds: World[] = [];
    for (const { overlay, objects } of meshes) {
      const values = VALUES_OF[overlay];
      if (values !== undefined) {
        const workloads = WORKLOADS.map(async (chart) =>
          workloadOf(chart, await render(charts, chart, values)),
        );
        worlds.push({ overlay, objects, workloads: await Promise.all(workloads) });
      }
    }
    return worlds;
  });
}

function workloadOf(name: string, objects: readonly KubernetesObject[]): Workload {
  const deployment = named(objects, "Deployment", name);
  const service = named(objects, "Service", name);
  const container = deployment?.spec.template.spec.containers.find((one) => one.name === "app");
  if (!(deployment && service && container)) {
    throw new Error(`the chart of ${name} lacks a Deployment, a container or a Service`);
  }
  const settings = plainEnv(container);
  const { startupProbe, livenessProbe, readinessProbe } = container;
  const probes = [startupProbe, livenessProbe, readinessProbe];
  const target = ofKind(objects, "HorizontalPodAutoscaler")[0]?.spec.scaleTargetRef;
  return {
    name,
    serviceAccount: deployment.spec.template.spec.serviceAccountName,
    labels: deployment.spec.template.metadata.labels,
    ports: container.ports.map((port) => ({
      name: port.name,
      port: port.containerPort,
      appProtocol: service.spec.ports.find((one) => one.name === port.name)?.appProtocol ?? "",
    })),
    probePorts: new Set(probes.flatMap((probe) => probe?.httpGet?.port ?? [])),
    settings,
    scaleTarget: `${target?.kind} ${target?.name}`,
    callees: calleesOf(name, settings),
    service,
  };
}

/** What a program calls is what it reads an address of; where that is, its chart says. */
function calleesOf(name: string, settings: Record<string, string>): Workload["callees"] {
  const addresses = readBy(name, settings).names.filter((one) => one.endsWith("_ADDRESS"));
  return addresses.map((setting) => {
    const [workload = "", port] = settings[setting]?.split(":") ?? [];
    return { workload, port: Number(port) };
  });
}
