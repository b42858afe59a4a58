/** One line, or one area that stands on the series before it. */
export interface Series {
  name: string;
  colour: string;
  /** By time, in seconds; a gap of more than a few seconds is left open. */
  points: readonly (readonly [seconds: number, value: number])[];
  isStacked?: boolean;
}

/** One diagram; all of them share the axis of time. */
interface Panel {
  title: string;
  series: readonly Series[];
}

/** A time in which something was broken. */
interface Band {
  from: number;
  to: number;
  /** Short: a number that a table explains. */
  label: string;
}

/** What a picture shows. */
export interface Chart {
  title: string;
  /** The end of the axis of time. */
  seconds: number;
  panels: readonly Panel[];
  bands: readonly Band[];
}

const WIDTH = 1400;
const LEFT = 64;
const RIGHT = 16;
const TOP = 44;
const LABELS = 76;
const LABEL_ROWS = 6;
const PANEL = 190;
const GAP = 46;
const BOTTOM = 34;
/** Points further apart than this are not joined, in seconds. */
const JOINED_SECONDS = 3;

/** Draws it as SVG, dark on white, so that it can be read anywhere. */
export function drawn({ title, seconds, panels, bands }: Chart): string {
  const height = TOP + LABELS + panels.length * (PANEL + GAP) + BOTTOM;
  const x = (second: number) => LEFT + (second / seconds) * (WIDTH - LEFT - RIGHT);
  const parts = panels.map((panel, index) =>
    drawnPanel(panel, { top: TOP + LABELS + index * (PANEL + GAP) + 18, x }),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="${LEFT}" y="24" font-size="16" font-weight="bold">${escaped(title)}</text>`,
    ...bands.map((band, index) => drawnBand(band, { index, height, x })),
    ...parts.flat(),
    ...ticks(seconds).map(
      (second) =>
        `<text x="${x(second).toFixed(1)}" y="${height - 12}" text-anchor="middle" fill="#444">${clock(second)}</text>`,
    ),
    "</svg>",
    "",
  ].join("\n");
}

type ToX = (second: number) => number;

/** Labels of neighbours are on different heights, so that none hides another. */
function drawnBand(
  { from, to, label }: Band,
  { index, height, x }: { index: number; height: number; x: ToX },
): string {
  const left = x(from);
  const width = Math.max(1.5, x(to) - left);
  const y = TOP + 8 + (index % LABEL_ROWS) * 12;
  return [
    `<rect x="${left.toFixed(1)}" y="${TOP + LABELS}" width="${width.toFixed(1)}" height="${height - TOP - LABELS - BOTTOM}" fill="#f5a623" opacity="0.22"/>`,
    `<text x="${(left + width / 2).toFixed(1)}" y="${y}" text-anchor="middle" font-size="10" fill="#9a5b00">${escaped(label)}</text>`,
  ].join("\n");
}

function drawnPanel(panel: Panel, { top, x }: { top: number; x: ToX }): string[] {
  const lines = stacked(panel.series);
  const most = Math.max(1, ...lines.flatMap(({ points }) => points.map(([, value]) => value)));
  const y = (value: number) => top + PANEL - (value / most) * PANEL;
  const shapes = lines
    .toReversed()
    .flatMap(({ series, points }) => drawnSeries(series, points, { x, y }));
  return [
    `<text x="${LEFT}" y="${top - 6}" fill="#222">${escaped(panel.title)}</text>`,
    ...panel.series.map(
      ({ name, colour }, index) =>
        `<text x="${WIDTH - RIGHT - (panel.series.length - index) * 130}" y="${top - 6}" fill="${colour}">■ ${escaped(name)}</text>`,
    ),
    ...[0, 0.5, 1].map((share) => {
      const at = y(share * most).toFixed(1);
      const text = (share * most).toFixed(most < 10 ? 1 : 0);
      return `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}" stroke="#ddd"/><text x="${LEFT - 6}" y="${at}" dy="4" text-anchor="end" fill="#444">${text}</text>`;
    }),
    ...shapes,
  ];
}

interface Stacked {
  series: Series;
  points: readonly (readonly [number, number])[];
}

/** Areas are put on top of each other; lines stay where they are. */
function stacked(all: readonly Series[]): Stacked[] {
  const below = new Map<number, number>();
  return all.map((series) => ({
    series,
    points: series.points.map(([second, value]) => {
      if (series.isStacked !== true) {
        return [second, value];
      }
      const sum = (below.get(second) ?? 0) + value;
      below.set(second, sum);
      return [second, sum];
    }),
  }));
}

function drawnSeries(
  { colour, isStacked }: Series,
  points: Stacked["points"],
  { x, y }: { x: ToX; y: (value: number) => number },
): string[] {
  return pieces(points).map((piece) => {
    const line = piece.map(([second, value]) => `${x(second).toFixed(1)},${y(value).toFixed(1)}`);
    const [first, last] = [piece[0]?.[0] ?? 0, piece.at(-1)?.[0] ?? 0];
    return isStacked === true
      ? `<polygon points="${x(first).toFixed(1)},${y(0)} ${line.join(" ")} ${x(last).toFixed(1)},${y(0)}" fill="${colour}"/>`
      : `<polyline points="${line.join(" ")}" fill="none" stroke="${colour}" stroke-width="1.3"/>`;
  });
}

function pieces(points: Stacked["points"]): Stacked["points"][] {
  const all: (readonly [number, number])[][] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    if (point[0] - before > JOINED_SECONDS) {
      all.push([]);
    }
    all.at(-1)?.push(point);
    before = point[0];
  }
  return all;
}

/** A dozen marks at most, at whole and round times. */
function ticks(seconds: number): number[] {
  const step = [5, 10, 30, 60, 120, 300, 600].find((one) => seconds / one <= 14) ?? 1_200;
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_unused, index) => index * step);
}

function clock(second: number): string {
  const minutes = Math.floor(second / 60);
  return `${minutes}:${String(Math.round(second - minutes * 60)).padStart(2, "0")}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
