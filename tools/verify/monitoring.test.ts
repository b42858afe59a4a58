import { LATENCY_BUCKETS } from "@tessera/service-kit/metrics";
import { expect } from "chai";
import { SLO } from "../../k6/lib/slo.ts";
import { checkAlerts } from "./monitoring/alerts.ts";
import { checkClasses } from "./monitoring/classes.ts";
import { readAlertTests, readRules, readRunbooks } from "./monitoring/files.ts";
import { checkMetrics, checkRoutes, checkShown, metricsOf } from "./monitoring/metrics.ts";
import { checkMonitors } from "./monitoring/monitors.ts";
import { checkPromises } from "./monitoring/promises.ts";
import { selectorsOf } from "./monitoring/queries.ts";
import { apiOperations } from "./monitoring.ts";
import { type KubernetesObject, type Rendered, renderAll } from "./render-charts.ts";

describe("checkAlerts()", () => {
  const rules = readRules();

  it("misses the runbook, the severity and the tests of a new alert", () => {
    const alert = { alert: "SeatsOnFire", expr: "seats_on_fire > 0" };
    expect(checkAlerts([...rules, alert], readAlertTests(), readRunbooks())).to.deep.equal([
      "SeatsOnFire has no severity",
      "SeatsOnFire has no summary",
      "SeatsOnFire does not point at docs/runbooks/seats-on-fire.md",
      "SeatsOnFire has no runbook docs/runbooks/seats-on-fire.md of that name",
      "no test sees SeatsOnFire fire",
      "no test sees SeatsOnFire keep still",
    ]);
  });

  it("sees runbooks that nobody is sent to", () => {
    const others = rules.filter(({ alert }) => alert !== "LedgerDrift");
    expect(checkAlerts(others, readAlertTests(), readRunbooks())).to.deep.equal([
      "docs/runbooks/ledger-drift.md belongs to no alert",
    ]);
  });
});

describe("checkPromises()", () => {
  const check = (slos: Parameters<typeof checkPromises>[1], bounds = LATENCY_BUCKETS) =>
    checkPromises(readRules(), slos, bounds);

  it("sees a promise that was changed alone", () => {
    const slos = { ...SLO, read: { availability: 0.9995, p95: 200, p99: 500 } };
    expect(check(slos)).to.deep.equal([
      "read p95 is 0.2 s, and measured by 0.15 s",
      "read availability has another budget than it promises",
    ]);
  });

  it("sees classes that only one side has", () => {
    const { account, ...others } = SLO;
    expect(check({ ...others, refund: account })).to.deep.equal([
      "account availability is measured, and not promised",
      "account p95 is measured, and not promised",
      "account p99 is measured, and not promised",
      "refund availability is promised, and not measured",
      "refund p95 is promised, and not measured",
      "refund p99 is promised, and not measured",
    ]);
  });

  it("sees bounds that no histogram has", () => {
    const bounds = LATENCY_BUCKETS.filter((bound) => bound !== 3);
    expect(check(SLO, bounds)).to.deep.equal(["crowd p99: no histogram has the bound 3 s"]);
  });
});

describe("checkClasses()", () => {
  it("sees operations that nobody promises anything of, and those that two classes count", () => {
    const rules = readRules();
    const refund = { method: "POST", route: "/v1/refunds" };
    const expr = 'sum(rate(http_server_requests_total{method="GET",route=~"/v1/users.+"}[5m]))';
    const more = { record: "tessera:slo_requests:rate5m", labels: { class: "users" }, expr };
    expect(checkClasses([...rules, more], [...apiOperations(), refund])).to.deep.equal([
      "GET /v1/users/me is in session and users",
      "POST /v1/refunds is in no class",
    ]);
  });
});

describe("checkMetrics()", () => {
  const exposition = [
    "# TYPE seats_total counter",
    'seats_total{service="a",kind="good"} 1',
    "# TYPE wait_seconds histogram",
    "# TYPE up gauge",
    "up 1",
  ].join("\n");
  const check = (expr: string) => checkMetrics([{ where: "q", expr }], metricsOf(exposition));

  it("sees metrics and labels that nobody tells", () => {
    const query = 'sum by (kind) (rate(seats_total{color="red"}[5m])) / on () seat_count offset 1h';
    expect(check(query)).to.deep.equal([
      "q: seats_total has no label color",
      "q: nobody tells seat_count",
    ]);
  });

  it("takes what is told, with or without series", () => {
    const query = 'up{pod="x"} == 1 and rate(wait_seconds_bucket{le="0.5"}[1m]) > 14.4 * 1e3';
    expect(check(query)).to.deep.equal([]);
  });

  it("reads names where they are names", () => {
    const query =
      'label_replace(a:b{c=~"d{2}\\"|e"}, "f", "$1", "g", "h") unless on (i) j > bool 1d';
    expect(selectorsOf(query.replace(" 1d", " 1"))).to.deep.equal([
      { metric: "a:b", matchers: [{ label: "c", operator: "=~", value: 'd{2}\\"|e' }] },
      { metric: "j", matchers: [] },
    ]);
  });

  it("sees what wakes people and no panel shows", () => {
    const told = metricsOf("seats_burning 1\nseats_count 9\n");
    const alert = { where: "SeatsOnFire", expr: "seats_burning / seats_count > 0 and up" };
    expect(checkShown([alert], [{ where: "q", expr: "max(seats_bucket)" }], told)).to.deep.equal([
      "SeatsOnFire: no panel shows seats_burning",
    ]);
  });

  it("sees routes that the API does not have", () => {
    const query = 'a{route=~"/v1/(users|seats)"} + b{route=~"/v1/seats/.+"}';
    expect(checkRoutes([{ where: "q", expr: query }], apiOperations())).to.deep.equal([
      "q: the API has no route /v1/seats/.+",
    ]);
  });
});

describe("checkMonitors()", () => {
  let all: Rendered[];

  before(async function () {
    this.timeout(120_000);
    all = await renderAll();
  });

  /** The charts, with each PodMonitor as `change` would have it. */
  const changed = (change: (monitor: string) => string): Rendered[] =>
    all.map(({ objects, ...rest }) => ({
      ...rest,
      objects: objects.map(
        (object): KubernetesObject =>
          object.kind === "PodMonitor" ? JSON.parse(change(JSON.stringify(object))) : object,
      ),
    }));

  /** With every values file the same. */
  const problemsOf = (charts: readonly Rendered[]) => [
    ...new Set(checkMonitors(charts, readRules()).map((problem) => problem.replace(/^.+?: /, ""))),
  ];

  it("is content with what there is", () => {
    expect(problemsOf(all)).to.deep.equal([]);
  });

  it("sees a port that the pods do not have", () => {
    const broken = changed((text) => text.replace('"port":"admin"', '"port":"metrics"'));
    expect(problemsOf(broken)).to.deep.equal(["bff: the pods have no port metrics"]);
  });

  it("sees jobs that rules name and nobody makes", () => {
    const broken = changed((text) => text.replace('"linkerd-proxy"', '"proxies"'));
    expect(problemsOf(broken)).to.deep.equal(["no PodMonitor makes the job linkerd-proxy"]);
  });
});
