import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stopDeadlineMs } from "@tessera/service-kit/run";
import { ROOT } from "@tessera/testkit/services";
import { readConfig as readBff } from "../../../bff/src/config.ts";
import { readConfig as readInventory } from "../../../inventory-svc/src/config.ts";
import { readConfig as readReservation } from "../../../reservation-svc/src/config.ts";
import { readConfig as readUser } from "../../../user-svc/src/config.ts";
import type { Rendered } from "../render-charts.ts";
import { appOf, type Container, ofKind, plainEnv } from "./objects.ts";
import { portOf } from "./references.ts";

/** How each program reads its environment. */
const READERS: Readonly<Record<string, (env: NodeJS.ProcessEnv) => object>> = {
  bff: readBff,
  "inventory-svc": readInventory,
  "reservation-svc": readReservation,
  "user-svc": readUser,
};

/** Read by Node itself. */
const NODE_SETTINGS = ["NODE_OPTIONS"];

/** In place of what is in no chart. */
const SECRETS: Readonly<Record<string, string>> = {
  MYSQL_URL: "mysql://user:password@database:3306/schema",
  REDIS_URL: "rediss://cache:6379",
  REDIS_LOCK_URLS: "rediss://lock-0:6379,rediss://lock-1:6379,rediss://lock-2:6379",
  PASS_SECRETS: "a secret of thirty-two characters",
  KEY_ENCRYPTION_KEY: Buffer.alloc(32).toString("base64"),
};

/** What a pod is given is what its program reads, where it listens, and how long it takes to stop. */
export function checkPrograms({ chart, objects }: Rendered): string[] {
  return ofKind(objects, "Deployment").flatMap((deployment) => {
    const app = appOf(deployment);
    const env = environmentOf(app);
    return [
      ...settings(chart, env),
      ...listening(app, env),
      ...probes(app, env),
      ...stopping(
        chart,
        deployment.spec.template.spec.terminationGracePeriodSeconds ?? 30,
        app,
        env,
      ),
    ];
  });
}

/** What a program reads of an environment, and what it says when it does not accept it. */
export function readBy(
  chart: string,
  env: NodeJS.ProcessEnv,
): { names: string[]; refusal?: string } {
  const read = READERS[chart];
  if (read === undefined) {
    throw new Error(`nobody knows how ${chart} reads its environment`);
  }
  const names = new Set<string>();
  const recorder = new Proxy(env, {
    get: (target, name) => {
      names.add(String(name));
      return Reflect.get(target, name);
    },
  });
  try {
    read(recorder);
    return { names: [...names] };
  } catch (reason) {
    // Every setting is read before the first bad one is told of.
    return { names: [...names], refusal: reason instanceof Error ? reason.message : `${reason}` };
  }
}

function environmentOf(app: Container): Record<string, string> {
  const secrets = (app.env ?? []).filter(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined);
  const values = secrets.map(({ name }) => [name, SECRETS[name] ?? "a secret"]);
  return { ...plainEnv(app), ...Object.fromEntries(values) };
}

function settings(chart: string, env: Record<string, string>): string[] {
  const { names, refusal } = readBy(chart, env);
  return [
    ...Object.keys(env)
      .filter((name) => !names.includes(name) && !NODE_SETTINGS.includes(name))
      .map((name) => `${chart} does not read ${name}`),
    ...(refusal === undefined ? [] : [`${chart} refuses its environment: ${refusal}`]),
  ];
}

/** Where a program listens follows from its settings; the pod must not say otherwise. */
function listening({ name, ports = [] }: Container, env: Record<string, string>): string[] {
  const listens = Object.keys(env).filter((each) => /(^|_)PORT$/.test(each));
  const given = ports.map(({ containerPort }) => `${containerPort}`).sort();
  const read = listens.map((each) => env[each] ?? "").sort();
  return given.join() === read.join()
    ? []
    : [`container ${name} has ports ${given.join(", ")}, and listens on ${read.join(", ")}`];
}

/** Probes ask for what the kit answers, on the port where it does. */
function probes(app: Container, env: Record<string, string>): string[] {
  const source = readFileSync(join(ROOT, "packages/service-kit/src/admin-listener.ts"), "utf8");
  const paths = [...source.matchAll(/path === "(\/[a-z]+)"/g)].map(([, path]) => path);
  const answers = env.ADMIN_PORT ?? env.HTTP_PORT;
  const all = {
    startup: app.startupProbe,
    readiness: app.readinessProbe,
    liveness: app.livenessProbe,
  };
  return Object.entries(all).flatMap(([kind, probe]) => {
    const { path, port } = probe?.httpGet ?? { path: "", port: "" };
    const number = portOf(app, port);
    const isWrongKind = (kind === "readiness") !== (path === "/readyz");
    return [
      ...(probe?.httpGet === undefined ? [`the ${kind} probe is not an httpGet`] : []),
      ...(paths.includes(path) ? [] : [`the ${kind} probe asks for ${path}, which nobody answers`]),
      ...(isWrongKind ? [`the ${kind} probe asks for ${path}`] : []),
      ...(`${number}` === answers
        ? []
        : [`the ${kind} probe asks port ${port}; ${answers} answers it`]),
    ];
  });
}

/** The kubelet waits at least as long as the program gives itself, from the hook before it on. */
function stopping(
  chart: string,
  graceSeconds: number,
  app: Container,
  env: Record<string, string>,
): string[] {
  const deadlineMs = stopDeadlineMs({
    drainMs: Number(env.DRAIN_MS),
    graceMs: Number(env.GRACE_MS),
  });
  const needed = (app.lifecycle?.preStop?.sleep?.seconds ?? 0) + deadlineMs / 1_000;
  return graceSeconds >= needed
    ? []
    : [`${chart} may take ${needed} s to stop, and is killed after ${graceSeconds} s`];
}
