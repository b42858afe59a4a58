import type { Options } from "k6/options";
import { type RequestClass, SLO } from "./slo.ts";

/** What k6 works out of each trend. */
const TREND_STATS = ["count", "avg", "med", "p(95)", "p(99)", "max"];

/**
 * The options of a scenario: its arrivals, and the promises that it must see kept for the classes
 * of requests that it makes.
 */
export function sloOptions(
  classes: readonly RequestClass[],
  scenarios: NonNullable<Options["scenarios"]>,
  more: NonNullable<Options["thresholds"]> = {},
): Options {
  const thresholds: NonNullable<Options["thresholds"]> = {
    // Nobody was turned away at the load generator: the arrivals were as many as planned.
    dropped_iterations: ["count==0"],
    checks: ["rate==1"],
    broken_iterations: ["rate==0"],
  };
  for (const name of classes) {
    const { availability, p95, p99 } = SLO[name];
    const mostFailures = Number((1 - availability).toFixed(6));
    thresholds[`unexpected_failures{class:${name}}`] = [`rate<${mostFailures}`];
    thresholds[`expected_refusals{class:${name}}`] = ["count>=0"];
    thresholds[`${latencyOf(name)}{class:${name}}`] = [`p(95)<${p95}`, `p(99)<${p99}`];
  }
  Object.assign(thresholds, more);
  return { scenarios, thresholds, summaryTrendStats: TREND_STATS, setupTimeout: "60s" };
}

/** For `more`: measures these classes and promises nothing about how quick they are. */
export function untimed(classes: readonly RequestClass[]): NonNullable<Options["thresholds"]> {
  return Object.fromEntries(
    classes.map((name) => [`${latencyOf(name)}{class:${name}}`, ["p(95)>=0"]]),
  );
}

/** The metric that k6 measures a class's latency with. */
function latencyOf(name: RequestClass): string {
  return name === "rpc" ? "grpc_req_duration" : "http_req_duration";
}
