import type { AlertTest, Rule } from "./files.ts";

const SEVERITIES = ["critical", "warning"];

/** What whoever is woken by an alert would miss. */
export function checkAlerts(
  rules: readonly Rule[],
  tests: readonly AlertTest[],
  runbooks: ReadonlyMap<string, string>,
): string[] {
  const alerts = rules.filter(({ alert }) => alert !== undefined);
  const names = new Set(alerts.map(({ alert = "" }) => alert));
  return [
    ...alerts.flatMap((rule) => checkAlert(rule, runbooks)),
    ...[...names].flatMap((name) => checkTests(name, tests)),
    ...[...runbooks.keys()]
      .filter((path) => ![...names].some((name) => runbookOf(name) === path))
      .map((path) => `${path} belongs to no alert`),
  ];
}

function checkAlert(
  { alert = "", labels = {}, annotations = {} }: Rule,
  runbooks: ReadonlyMap<string, string>,
): string[] {
  const path = runbookOf(alert);
  return [
    ...(SEVERITIES.includes(labels.severity ?? "") ? [] : [`${alert} has no severity`]),
    ...(annotations.summary ? [] : [`${alert} has no summary`]),
    ...(annotations.runbook_url === path ? [] : [`${alert} does not point at ${path}`]),
    ...(runbooks.get(path)?.startsWith(`# ${alert}\n`)
      ? []
      : [`${alert} has no runbook ${path} of that name`]),
  ];
}

function checkTests(alert: string, tests: readonly AlertTest[]): string[] {
  const own = tests.filter((test) => test.alert === alert);
  return [
    ...(own.some(({ fires }) => fires) ? [] : [`no test sees ${alert} fire`]),
    ...(own.some(({ fires }) => !fires) ? [] : [`no test sees ${alert} keep still`]),
  ];
}

function runbookOf(alert: string): string {
  const name = alert.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
  return `docs/runbooks/${name}.md`;
}
