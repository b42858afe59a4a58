import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LATENCY_BUCKETS } from "@tessera/service-kit/metrics";
import { ROOT } from "@tessera/testkit/services";
import { parse } from "yaml";
import { SLO } from "../../k6/lib/slo.ts";
import { fineUnless, type Outcome, type Step } from "../check/step.ts";
import { checkAlerts } from "./monitoring/alerts.ts";
import { checkClasses, type Operation } from "./monitoring/classes.ts";
import {
  MONITORING_FOLDER,
  readAlertTests,
  readPanels,
  readRules,
  readRunbooks,
  ruleFiles,
} from "./monitoring/files.ts";
import { scrapeSystem } from "./monitoring/live-metrics.ts";
import {
  checkMetrics,
  checkRoutes,
  checkShown,
  type Metrics,
  metricsOf,
} from "./monitoring/metrics.ts";
import { checkMonitors } from "./monitoring/monitors.ts";
import { checkPromises } from "./monitoring/promises.ts";
import { selectorsOf } from "./monitoring/queries.ts";
import { checkQueries, promtool } from "./promtool.ts";
import { renderAll } from "./render-charts.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** Rules, dashboards and runbooks: whether they are right by themselves, and fit what runs. */
export const monitoringSteps: readonly Step[] = [
  { name: "monitoring: promtool check rules", run: () => promtool("check rules", ruleFiles()) },
  {
    name: "monitoring: promtool test rules",
    run: () => promtool("test rules", ruleFiles(join("rules", "tests"))),
  },
  {
    name: "monitoring: the dashboards' queries are queries",
    run: () => checkQueries(readPanels().map(({ expr }) => expr)),
  },
  {
    name: "monitoring: alerts have a severity, a runbook, and tests that see them fire and keep still",
    run: async () => {
      const rules = readRules();
      const problems = checkAlerts(rules, readAlertTests(), readRunbooks());
      return fineUnless(
        problems,
        `${rules.filter(({ alert }) => alert !== undefined).length} alerts`,
      );
    },
  },
  {
    name: "monitoring: the promises are those of docs/slo.md, and bounds of the histograms",
    run: async () =>
      fineUnless(checkPromises(readRules(), SLO, LATENCY_BUCKETS), Object.keys(SLO).join(", ")),
  },
  {
    name: "monitoring: each request to the API is promised something, and counted once",
    run: async () => fineUnless(checkClasses(readRules(), apiOperations())),
  },
  {
    name: "monitoring: what is to be scraped has these ports, and the jobs that rules name",
    run: async () => fineUnless(checkMonitors(await renderAll(), readRules())),
  },
  {
    name: "monitoring: somebody tells every metric that is asked for, and a panel shows what wakes people",
    run: checkAllMetrics,
  },
];

/** The metrics that rules record, and those of programs that are not ours, by their source. */
function writtenMetrics(): { recorded: string[]; foreign: string[] } {
  const file = readFileSync(join(MONITORING_FOLDER, "foreign-metrics.yaml"), "utf8");
  const sources: { metrics: string[] }[] = parse(file);
  return {
    recorded: readRules().flatMap(({ record }) => record ?? []),
    foreign: sources.flatMap(({ metrics }) => metrics),
  };
}

/** The operations of the API, as the BFF's metrics write them. */
export function apiOperations(): Operation[] {
  const { paths } = parse(readFileSync(join(ROOT, "bff", "openapi.yaml"), "utf8"));
  return Object.entries<object>(paths).flatMap(([path, item]) => {
    const route = path.replaceAll(/\{(\w+)\}/g, ":$1");
    return METHODS.filter((method) => method.toLowerCase() in item).map((method) => {
      return { method, route };
    });
  });
}

async function checkAllMetrics(): Promise<Outcome> {
  const rules = readRules();
  const panels = readPanels();
  const alerts = rules.flatMap(({ alert, expr }) =>
    alert === undefined ? [] : { where: alert, expr },
  );
  const queries = [
    ...alerts,
    ...rules.flatMap(({ record, expr }) => (record === undefined ? [] : { where: record, expr })),
    ...panels,
  ];
  const { recorded, foreign } = writtenMetrics();
  const live = metricsOf(await scrapeSystem());
  const written: Metrics = new Map([...recorded, ...foreign].map((name) => [name, undefined]));
  const asked = new Set(
    queries.flatMap(({ expr }) => selectorsOf(expr)).map(({ metric }) => metric),
  );
  const idle = foreign.filter((name) => !asked.has(name));
  const problems = [
    ...checkMetrics(queries, new Map([...written, ...live])),
    ...checkRoutes(queries, apiOperations()),
    ...checkShown(alerts, panels, live),
    ...idle.map((name) => `foreign-metrics.yaml: nobody asks for ${name}`),
  ];
  const seen = [...asked].filter((name) => live.has(name)).length;
  const note = `${asked.size}: ${seen} seen on /metrics, ${asked.size - seen} recorded or of others`;
  return fineUnless(problems, note);
}
