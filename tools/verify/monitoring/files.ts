import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { parse } from "yaml";

/** Something that Prometheus records, or tells somebody. */
export interface Rule {
  record?: string;
  alert?: string;
  expr: string;
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
}

/** A PromQL query, and where it is written. */
export interface Query {
  where: string;
  expr: string;
}

/** One moment of a rule test: which alert is asked for, and whether it is expected. */
export interface AlertTest {
  alert: string;
  fires: boolean;
}

interface RuleFile {
  groups: { rules: Rule[] }[];
}

interface TestFile {
  tests: { alert_rule_test?: { alertname: string; exp_alerts?: unknown[] }[] }[];
}

interface Dashboard {
  templating: { list: { name: string; query: string | { query: string } }[] };
  panels: { title: string; targets?: { expr: string }[] }[];
}

/** The chart. */
export const MONITORING_FOLDER = join(ROOT, "charts", "monitoring");
const RUNBOOK_FOLDER = join(ROOT, "docs", "runbooks");

/** The files of the chart that Prometheus reads, and promtool. */
export function ruleFiles(folder = "rules"): string[] {
  const path = join(MONITORING_FOLDER, folder);
  return readdirSync(path)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => join(path, name));
}

/** All rules. */
export function readRules(): Rule[] {
  return ruleFiles().flatMap((file) => {
    const { groups }: RuleFile = parse(readFileSync(file, "utf8"));
    return groups.flatMap(({ rules }) => rules);
  });
}

/** All that tests ask of alerts. */
export function readAlertTests(): AlertTest[] {
  return ruleFiles(join("rules", "tests")).flatMap((file) => {
    const { tests }: TestFile = parse(readFileSync(file, "utf8"));
    return tests.flatMap(({ alert_rule_test: asked = [] }) =>
      asked.map(({ alertname, exp_alerts: expected = [] }) => ({
        alert: alertname,
        fires: expected.length > 0,
      })),
    );
  });
}

/** Each runbook's path from the top of the tree, with its text. */
export function readRunbooks(): Map<string, string> {
  return new Map(
    readdirSync(RUNBOOK_FOLDER).map((name) => [
      `docs/runbooks/${name}`,
      readFileSync(join(RUNBOOK_FOLDER, name), "utf8"),
    ]),
  );
}

/** What the dashboards ask, with Grafana's variables replaced by what they may stand for. */
export function readPanels(): Query[] {
  const folder = join(MONITORING_FOLDER, "dashboards");
  return readdirSync(folder).flatMap((file) => {
    const { panels, templating }: Dashboard = JSON.parse(readFileSync(join(folder, file), "utf8"));
    const asked = panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ where: `${file}: ${title}`, expr })),
    );
    const variables = templating.list.flatMap(({ name, query }) =>
      typeof query === "string"
        ? []
        : [{ where: `${file}: $${name}`, expr: valuesOf(query.query) }],
    );
    return [...asked, ...variables].map(({ where, expr }) => ({
      where,
      expr: expr.replaceAll("$__rate_interval", "5m").replaceAll(/\$\w+/g, ".+"),
    }));
  });
}

/** What a variable's values are taken from, as a query. */
function valuesOf(query: string): string {
  const [, selector = query, label = ""] = /^label_values\((.*),\s*(\w+)\)$/.exec(query) ?? [];
  return `count by (${label}) (${selector})`;
}
