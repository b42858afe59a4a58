import { readFileSync } from "node:fs";
import type { Prepared } from "../../k6/lib/run-file.ts";
import { type RequestClass, SLO } from "../../k6/lib/slo.ts";

/** What k6 measured, as its `handleSummary` gets it. */
interface RawSummary {
  metrics: Record<
    string,
    { values: Record<string, number>; thresholds?: Record<string, { ok: boolean }> }
  >;
  state: { testRunDurationMs: number };
  setup_data?: Prepared;
}

/** Latencies in milliseconds. */
export interface Latency {
  count: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** What k6 measured, by name. */
export class Summary {
  readonly #raw: RawSummary;

  constructor(raw: RawSummary) {
    this.#raw = raw;
  }

  /** @throws Error when k6 left none. */
  static read(file: string): Summary {
    return new Summary(JSON.parse(readFileSync(file, "utf8")));
  }

  /** How long it took, `setup` excluded. */
  get seconds(): number {
    return this.#raw.state.testRunDurationMs / 1000;
  }

  /** The run's own events. */
  get events(): Prepared["events"] {
    return this.#raw.setup_data?.events ?? [];
  }

  /** What a counter came to; 0 when nothing was counted. */
  count(name: string): number {
    return this.#raw.metrics[name]?.values.count ?? 0;
  }

  /** How often a rate was true. */
  times(name: string): number {
    return this.#raw.metrics[name]?.values.passes ?? 0;
  }

  /** Undefined when there was nothing to measure. */
  latency(name: string): Latency | undefined {
    const values = this.#raw.metrics[name]?.values;
    if (values?.count === undefined || values.count === 0) {
      return undefined;
    }
    const { count, med = 0, "p(95)": p95 = 0, "p(99)": p99 = 0, max = 0 } = values;
    return { count, p50: med, p95, p99, max };
  }

  /** The classes of requests that were made, with what became of them. */
  classes(): { name: RequestClass; latency: Latency; refused: number; unexpected: number }[] {
    return (Object.keys(SLO) as RequestClass[]).flatMap((name) => {
      const trend = name === "rpc" ? "grpc_req_duration" : "http_req_duration";
      const latency = this.latency(`${trend}{class:${name}}`);
      return latency === undefined
        ? []
        : [
            {
              name,
              latency,
              refused: this.count(`expected_refusals{class:${name}}`),
              unexpected: this.times(`unexpected_failures{class:${name}}`),
            },
          ];
    });
  }

  /** The promises that were not kept, such as `http_req_duration{class:read}: p(95)<150`. */
  brokenPromises(): string[] {
    return Object.entries(this.#raw.metrics).flatMap(([name, { thresholds = {}, values }]) =>
      Object.entries(thresholds)
        .filter(([, { ok }]) => !ok)
        .map(([promise]) => `${name}: ${promise}, but ${shown(values, promise)}`),
    );
  }

  /** Names of all that was measured. */
  names(): string[] {
    return Object.keys(this.#raw.metrics);
  }
}

/** The value that a promise such as `p(95)<150` is about. */
function shown(values: Record<string, number>, promise: string): string {
  const name = promise.split(/[<>=!]/)[0]?.trim() ?? "";
  return `it was ${Number((values[name] ?? 0).toPrecision(4))}`;
}
