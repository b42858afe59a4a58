import { type ExportedSpan, TraceCollector } from "@tessera/testkit/trace-collector";
import { until } from "@tessera/testkit/until";
import { Lifecycle } from "../src/lifecycle.ts";
import type { Logger } from "../src/logger.ts";
import type { Span } from "../src/span.ts";
import { startTracing, type Tracing } from "../src/tracing.ts";

/** Something that must never leave the process: some statement, message or failure has it in it. */
export const SECRET = "ann@example.com";

/** A log's line. */
export type Line = Record<string, unknown>;

/** Tracing that exports to a collector in this process. */
export interface TestTracing {
  collector: TraceCollector;
  tracing: Tracing;
  /** What it logs. */
  lines: Line[];
  /** Ends it. */
  lifecycle: Lifecycle;
  /** Begins a trace. */
  root: (name?: string) => Span;
  /** The spans of a trace, when `count` of them have arrived. */
  exported: (span: Span, count: number) => Promise<ExportedSpan[]>;
}

/** Traces one test suite. Call it inside `describe`; use it inside hooks and tests only. */
export function useTracing(): TestTracing {
  const opened = { lines: [] as Line[], lifecycle: new Lifecycle() } as TestTracing;
  before(async () => {
    const { lines, lifecycle } = opened;
    const collector = await TraceCollector.open();
    const endpoint = collector.url;
    const logger = loggerTo(lines);
    const times = { exportEveryMs: 10, exportTimeoutMs: 60_000 };
    const options = { service: "test", endpoint, logger, lifecycle, ...times };
    const tracing = await startTracing(options);
    if (tracing === undefined) {
      throw new Error("nothing is traced");
    }
    Object.assign(opened, {
      collector,
      tracing,
      root: (name = "root") => tracing.serverSpan(name, undefined, {}),
      exported: (span: Span, count: number) => spansOf(collector, span, count),
    });
  });
  after(async () => {
    await opened.lifecycle.close();
    await opened.collector.close();
  });
  return opened;
}

async function spansOf(collector: TraceCollector, { traceId }: Span, count: number) {
  return await until(`${count} spans arrive`, () => {
    const found = collector.spans.filter((span) => span.traceId === traceId);
    return found.length >= count && found;
  });
}

/** A logger whose lines are kept. */
export function loggerTo(lines: Line[]): Logger {
  const write = (level: string) => (fields: object, msg: string) => {
    lines.push({ ...fields, level, msg });
  };
  return { info: write("info"), warn: write("warn"), error: write("error") } as unknown as Logger;
}
