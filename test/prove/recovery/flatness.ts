import type { Footprint, ProcessFootprint } from "./footprint.ts";

/** How one figure went over a long run. */
export interface Slope {
  /** Such as "bff rssMib". */
  what: string;
  /** The averages of the second and of the last third. */
  second: number;
  last: number;
  /** The last third against the second. */
  ratio: number;
  /** What the average of the last third may be. */
  most: number;
  isFlat: boolean;
}

/** A latency at one time; both in milliseconds, the time as footprints tell it. */
export interface LatencySample {
  atMs: number;
  ms: number;
}

/**
 * The first third is for filling caches and pools. Between the others a figure may differ as the
 * objectives allow for memory and for latency, or by what a busy moment more or less makes of a
 * small number.
 */
const LIMITS: Readonly<Record<string, { ratio: number; slack: number }>> = {
  rssMib: { ratio: 1.25, slack: 8 },
  heapMib: { ratio: 1.25, slack: 16 },
  files: { ratio: 1.25, slack: 16 },
  sockets: { ratio: 1.25, slack: 16 },
  mysqlConnections: { ratio: 1.25, slack: 16 },
  redisClients: { ratio: 1.1, slack: 4 },
  latency: { ratio: 1.5, slack: 20 },
};

/**
 * Compares the last third of a long run with its second third: memory, files and connections of
 * each service's average process, of the stores, and the average of `latencies`.
 */
export function flatness(
  samples: readonly Footprint[],
  latencies: readonly LatencySample[] = [],
): Slope[] {
  const services = [...new Set(samples.flatMap(({ processes }) => processes.map(serviceOf)))];
  const ofProcesses = services.sort().flatMap((service) =>
    (["rssMib", "heapMib", "files", "sockets"] as const).map((figure) =>
      slope(
        `${service} ${figure}`,
        figure,
        samples.map(({ atMs, processes }) => ({
          atMs,
          value: mean(
            processes.filter((one) => serviceOf(one) === service).map((one) => one[figure]),
          ),
        })),
      ),
    ),
  );
  const ofStores = (["mysqlConnections", "redisClients"] as const).map((figure) =>
    slope(
      figure,
      figure,
      samples.map((sample) => ({ atMs: sample.atMs, value: sample[figure] })),
    ),
  );
  const ofLatency = slope(
    "latency",
    "latency",
    latencies.map(({ atMs, ms }) => ({ atMs, value: ms })),
  );
  return [...ofProcesses, ...ofStores, ofLatency].filter((found) => found !== undefined);
}

interface Sample {
  atMs: number;
  value: number | undefined;
}

/** Undefined when there is nothing to compare. */
function slope(what: string, figure: string, samples: readonly Sample[]): Slope | undefined {
  const known = samples.filter(({ value }) => value !== undefined);
  const [firstMs, lastMs] = [known[0]?.atMs ?? 0, known.at(-1)?.atMs ?? 0];
  const third = (number: number) => {
    const [fromMs, untilMs] = [number, number + 1].map(
      (part) => firstMs + (part * (lastMs - firstMs)) / 3,
    );
    const within = known.filter(
      ({ atMs }) => atMs >= (fromMs ?? 0) && (number === 2 || atMs < (untilMs ?? 0)),
    );
    return mean(within.map(({ value }) => value ?? 0));
  };
  const [second, last] = [third(1), third(2)];
  if (second === undefined || last === undefined) {
    return undefined;
  }
  const { ratio, slack } = LIMITS[figure] ?? { ratio: 1, slack: 0 };
  const most = Math.max(second * ratio, second + slack);
  return {
    what,
    second,
    last,
    ratio: second === 0 ? 1 : last / second,
    most,
    isFlat: last <= most,
  };
}

/** "reservation-svc" of "reservation-svc-12". */
function serviceOf({ name }: ProcessFootprint): string {
  return name.replace(/-\d+$/, "");
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0
    ? undefined
    : values.reduce((sum, value) => sum + value, 0) / values.length;
}
