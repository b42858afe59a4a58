import { expect } from "chai";
import { drawn } from "./chart.ts";

describe("drawn()", () => {
  const panel = (points: [number, number][], isStacked = false) => ({
    title: "answers < a second",
    series: [{ name: "done", colour: "#000", isStacked, points }],
  });

  it("marks what was broken, and joins neighbours only", () => {
    const points: [number, number][] = [
      [0, 1],
      [1, 2],
      [30, 3],
      [31, 4],
    ];
    const bands = [{ from: 5, to: 8, label: "1" }];
    const svg = drawn({ title: "A run", seconds: 60, panels: [panel(points)], bands });
    expect(svg.match(/<polyline/g)).to.have.lengthOf(2);
    expect(svg.match(/fill="#f5a623"/g)).to.have.lengthOf(1);
    expect(svg).to.contain(">1:00<");
    expect(svg).to.contain("answers &lt; a second");
  });

  it("puts areas on top of each other", () => {
    const areas = panel([[0, 2]], true);
    const [series] = areas.series;
    const two = { ...areas, series: [...areas.series, { ...series, name: "refused" }] };
    const svg = drawn({ title: "A run", seconds: 10, panels: [two as typeof areas], bands: [] });
    // The highest value of the axis is that of both together.
    expect(svg).to.match(/>4\.0</);
  });

  it("draws an empty run", () => {
    expect(drawn({ title: "None", seconds: 1, panels: [panel([])], bands: [] })).to.contain(
      "</svg>",
    );
  });
});
