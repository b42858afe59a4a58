import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { expect } from "chai";
import { pinnedVersion } from "./k6/binary.ts";
import { helpText, readPlan } from "./k6/options.ts";
import { markdownRow, report } from "./k6/report.ts";
import { SCENARIOS, WARM_UP } from "./k6/scenarios.ts";
import { flatness } from "./k6/soak.ts";
import { Summary } from "./k6/summary.ts";

describe("npm run k6", () => {
  // Add it to SCENARIOS, or nobody can run it.
  it("knows every scenario, and no other", () => {
    const files = new Set([...SCENARIOS, WARM_UP].map(({ file }) => file));
    expect(readdirSync(join(ROOT, "k6", "scenarios")).sort()).to.deep.equal([...files].sort());
  });

  it("lists each with its settings", () => {
    for (const { name } of SCENARIOS) {
      expect(helpText()).to.contain(`  ${name} `);
    }
  });

  // Types of another version check scripts for functions that are not there.
  it("runs the version that the types are of", () => {
    const { devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    expect(pinnedVersion()).to.equal(`v${devDependencies["@types/k6"]}`);
    expect(existsSync(join(ROOT, "k6", "go.sum"))).to.equal(true);
  });

  describe("readPlan()", () => {
    it("takes a scenario's own numbers unless others are given", () => {
      const plan = readPlan(["spike-6000", "--rate", "60", "--duration", "1.5m"], "/tmp");
      expect(plan?.settings).to.deep.equal({ rate: 60, seconds: 90, size: 1_000_000 });
      expect(plan?.folder).to.match(/^\/tmp\/spike-6000-[\dT-]+$/);
    });

    for (const [args, text] of [
      [["nonsense"], 'no scenario "nonsense"'],
      [["smoke", "reads"], 'no scenario "smoke reads"'],
      [["soak", "--rate", "0"], "--rate must be a whole number from 1"],
      [["soak", "--rate", "1.5"], "--rate must be a whole number from 1"],
      [["soak", "--duration", "long"], "--duration must be"],
      [["soak", "--duration", "48h"], "--duration must be"],
      [["smoke", "--rate", "5"], "--rate means nothing"],
      [["soak", "--speed", "5"], "Unknown option"],
    ] as const) {
      it(`refuses ${args.join(" ")}`, () => {
        expect(() => readPlan(args, "/tmp")).to.throw(text);
      });
    }

    for (const args of [[], ["--help"], ["soak", "--help"]]) {
      it(`helps with ${JSON.stringify(args)}`, () => {
        expect(readPlan(args, "/tmp")).to.equal(undefined);
      });
    }
  });

  describe("report()", () => {
    const plan = readPlan(["hot-seat"], "/tmp");
    if (plan === undefined) {
      throw new Error("the scenario is gone");
    }
    const values = { count: 200, med: 7.25, "p(95)": 420, "p(99)": 1700, max: 2000 };
    const summary = new Summary({
      metrics: {
        http_req_duration: { values },
        "http_req_duration{class:crowd}": {
          values,
          thresholds: { "p(95)<2000": { ok: true }, "p(99)<1500": { ok: false } },
        },
        "expected_refusals{class:crowd}": { values: { count: 150 } },
        "unexpected_failures{class:crowd}": { values: { rate: 0.01, passes: 2, fails: 198 } },
        dropped_iterations: { values: { count: 3 } },
      },
      state: { testRunDurationMs: 10_000 },
    });
    const finished = {
      plan,
      summary,
      surroundings: { time: "now", commit: "abc", machine: "m", k6: "k6 v2", dataSet: "none" },
      invariants: [{ name: "nothing is sold twice", violations: ["one is"] }],
      broken: summary.brokenPromises(),
      memory: { bff: { middle: 100, end: 101, most: 120 } },
      unexpected: ["2 x POST /v1/reservations: 503 OVERLOADED"],
    };

    it("tells what was measured, what broke, and why", () => {
      const text = report(finished);
      expect(text).to.match(/crowd +200 +20\.0 +7\.3 ms +420 ms +1700 ms +2000 ms +150 +2/);
      expect(text).to.contain("BROKE http_req_duration{class:crowd}: p(99)<1500, but it was 1700");
      expect(text).to.contain("WRONG nothing is sold twice: one is");
      expect(text).to.contain("503 OVERLOADED");
    });

    it("tells the rate at the height, where people stay for a while", () => {
      const spike = readPlan(["spike-3000", "--duration", "60s"], "/tmp");
      const metrics = { "http_req_duration{phase:full}": { values: { count: 500, med: 5 } } };
      const calm = new Summary({ metrics, state: { testRunDurationMs: 90_000 } });
      const text = report({ ...finished, plan: spike ?? plan, summary: calm, broken: [] });
      expect(text).to.contain("at its height: 1000 requests a minute, p50 5.0");
    });

    it("names the last step that kept every promise", () => {
      const step = (p95: number) => ({ values: { count: 100, "p(95)": p95 } });
      const metrics = {
        "http_req_duration{scenario:at_1000_per_second}": step(700),
        "http_req_duration{scenario:at_200_per_second}": step(20),
        "http_req_duration{scenario:at_2000_per_second}": { values: { count: 0 } },
      };
      const search = new Summary({ metrics, state: { testRunDurationMs: 9_000 } });
      const broken = ["http_req_duration{scenario:at_1000_per_second}: p(95)<300, but it was 700"];
      const text = report({ ...finished, summary: search, broken });
      expect(text).to.match(/at +200\/s: 100 answers.*\n +at +1000\/s/);
      expect(text).to.contain("the last step that kept every promise: 200/s");
    });

    it("has a row for the load report", () => {
      expect(markdownRow(finished)).to.match(
        /^\| hot-seat \| 10000 .*\| 200 \| 1200 \| 7\.3 \/ 420 \/ 1700 \| 150 \| 2 \| 3 \| BROKEN \| abc \| FastPass/,
      );
    });
  });

  describe("flatness()", () => {
    const thirds = (first: number, last: number) =>
      new Summary({
        metrics: {
          "http_req_duration{third:1}": { values: { count: 9, "p(95)": first } },
          "http_req_duration{third:3}": { values: { count: 9, "p(95)": last } },
        },
        state: { testRunDurationMs: 600_000 },
      });
    const memory = (end: number) => ({ bff: { middle: 100, end, most: 200 } });
    const wrong = (summary: Summary, end: number) =>
      flatness(summary, memory(end), 600).flatMap(({ violations }) => violations);

    it("is content with what stays where it was", () => {
      expect(wrong(thirds(50, 60), 110)).to.deep.equal([]);
    });

    it("sees latency and memory that grow", () => {
      expect(wrong(thirds(50, 200), 150)).to.deep.equal([
        "200.0 ms after 50.0 ms",
        "bff: 150 MiB after 100 MiB",
      ]);
    });

    it("does not judge what was too short", () => {
      expect(flatness(thirds(50, 200), memory(150), 60)).to.deep.equal([]);
    });
  });
});
