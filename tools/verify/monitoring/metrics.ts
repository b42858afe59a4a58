import type { Query } from "./files.ts";
import { selectorsOf } from "./queries.ts";

/** What is known of a metric: all of its labels, where a series of it was seen. */
export type Metrics = ReadonlyMap<string, ReadonlySet<string> | undefined>;

/** Labels that Prometheus, or what tells it where to scrape, adds to whatever it finds. */
const TARGET_LABELS = ["job", "instance", "namespace", "pod", "container"];

/** What queries ask for and nobody tells. */
export function checkMetrics(queries: readonly Query[], known: Metrics): string[] {
  return queries.flatMap(({ where, expr }) =>
    selectorsOf(expr).flatMap(({ metric, matchers }) => {
      if (!known.has(metric)) {
        return [`${where}: nobody tells ${metric}`];
      }
      const labels = known.get(metric);
      return matchers
        .filter(({ label }) => labels !== undefined && !labels.has(label))
        .filter(({ label }) => !TARGET_LABELS.includes(label))
        .map(({ label }) => `${where}: ${metric} has no label ${label}`);
    }),
  );
}

/** What alerts tell of and no dashboard shows: whoever is woken would have to write the query. */
export function checkShown(
  alerts: readonly Query[],
  panels: readonly Query[],
  known: Metrics,
): string[] {
  // A histogram's quantiles show its count as well.
  const stemOf = (metric: string) => metric.replace(/_(bucket|sum|count)$/, "");
  const shown = panels.flatMap(({ expr }) => selectorsOf(expr)).map(({ metric }) => stemOf(metric));
  return alerts.flatMap(({ where, expr }) =>
    selectorsOf(expr)
      .filter(({ metric }) => known.has(metric) && !shown.includes(stemOf(metric)))
      .map(({ metric }) => `${where}: no panel shows ${metric}`),
  );
}

/** Routes that queries choose and the API does not have. */
export function checkRoutes(
  queries: readonly Query[],
  operations: readonly { route: string }[],
): string[] {
  return queries.flatMap(({ where, expr }) =>
    selectorsOf(expr)
      .flatMap(({ matchers }) => matchers.filter(({ label }) => label === "route"))
      .filter(
        ({ value }) => !operations.some(({ route }) => new RegExp(`^(?:${value})$`).test(route)),
      )
      .map(({ value }) => `${where}: the API has no route ${value}`),
  );
}

/** The metrics of a scrape: names from what is declared, labels from the series. */
export function metricsOf(exposition: string): Map<string, Set<string> | undefined> {
  const metrics = new Map<string, Set<string> | undefined>();
  for (const [, name = "", type = ""] of exposition.matchAll(/^# TYPE (\S+) (\w+)$/gm)) {
    for (const suffix of SUFFIXES[type] ?? [""]) {
      metrics.set(name + suffix, undefined);
    }
  }
  for (const [, name = "", braces = ""] of exposition.matchAll(/^([\w:]+)(\{.*\})? \S+$/gm)) {
    const labels = metrics.get(name) ?? new Set<string>();
    for (const [, label = ""] of braces.matchAll(/[{,](\w+)="/g)) {
      labels.add(label);
    }
    metrics.set(name, labels);
  }
  return metrics;
}

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"],
};
