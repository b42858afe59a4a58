import type { Footprint } from "../recovery/footprint.ts";
import type { Played } from "../run.ts";
import { drawn, type Series } from "./chart.ts";
import { numbered } from "./numbered.ts";

const COLOURS: Readonly<Record<string, string>> = {
  bff: "#1f77b4",
  "inventory-svc": "#2ca02c",
  "reservation-svc": "#9467bd",
  "user-svc": "#8c564b",
};

/** A run as a picture: answers, latency and memory over time, with the faults marked. */
export function pictureOf({ rounds, footprints }: Played): string {
  const seconds = rounds.flatMap((round) => round.seconds);
  const pick = (value: (second: (typeof seconds)[number]) => number) =>
    seconds.map((second) => [second.at, value(second)] as const);
  return drawn({
    title: "Answers a second while things break",
    seconds: Math.max(1, ...seconds.map(({ at }) => at + 1)),
    bands: numbered(rounds).map(({ label, fault: { from, to } }) => ({ label, from, to })),
    panels: [
      {
        title: "answers a second",
        series: [
          { name: "done", colour: "#4c9a5a", isStacked: true, points: pick(({ done }) => done) },
          {
            ...{ name: "refused", colour: "#9db4c8", isStacked: true },
            points: pick(({ refused }) => refused),
          },
          {
            ...{ name: "failed, asked again", colour: "#d62728", isStacked: true },
            points: pick(({ failed }) => failed),
          },
        ],
      },
      {
        title: "p95 of answers, ms",
        series: [{ name: "p95", colour: "#444444", points: pick(({ p95Ms }) => p95Ms ?? 0) }],
      },
      { title: "resident memory of the largest process, MiB", series: memoryOf(footprints) },
    ],
  });
}

function memoryOf(footprints: readonly Footprint[]): Series[] {
  const start = footprints[0]?.atMs ?? 0;
  return Object.entries(COLOURS).map(([service, colour]) => ({
    name: service,
    colour,
    points: footprints.flatMap(({ atMs, processes }) => {
      const own = processes.filter(({ name }) => name.startsWith(service));
      const most = Math.max(...own.map(({ rssMib }) => rssMib));
      return own.length === 0 ? [] : [[(atMs - start) / 1000, most] as const];
    }),
  }));
}
