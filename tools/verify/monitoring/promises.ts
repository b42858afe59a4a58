import type { ClassSlo } from "../../../k6/lib/slo.ts";
import type { Rule } from "./files.ts";
import { selectorsOf } from "./queries.ts";

const INDICATOR = "tessera:slo_failures:rate5m";
const BUDGET = "tessera:slo_budget:ratio";
/** The same requests as `reserve`, and the same promise of an answer. */
const SHARED = "crowd availability";

/** Where rules promise something else than `slos`, or measure it by bounds that no histogram has. */
export function checkPromises(
  rules: readonly Rule[],
  slos: Readonly<Record<string, ClassSlo>>,
  bounds: readonly number[],
): string[] {
  const indicators = new Map(
    rules
      .filter(({ record }) => record === INDICATOR)
      .map((rule) => [`${rule.labels?.class} ${rule.labels?.objective}`, rule]),
  );
  const promised = Object.entries(slos).flatMap(([name, slo]) => [
    { key: `${name} availability`, seconds: undefined },
    { key: `${name} p95`, seconds: slo.p95 / 1000 },
    { key: `${name} p99`, seconds: slo.p99 / 1000 },
  ]);
  const wanted = promised.filter(({ key }) => key !== SHARED);
  const unknown = [...indicators.keys()].filter((key) => !wanted.some((one) => one.key === key));
  return [
    ...unknown.map((key) => `${key} is measured, and not promised`),
    ...wanted.flatMap(({ key, seconds }) => {
      const rule = indicators.get(key);
      return rule === undefined
        ? [`${key} is promised, and not measured`]
        : checkBound(key, rule, seconds, bounds);
    }),
    ...checkBudgets(rules, slos),
  ];
}

function checkBound(
  key: string,
  { expr }: Rule,
  seconds: number | undefined,
  bounds: readonly number[],
): string[] {
  const matchers = selectorsOf(expr).flatMap(({ matchers }) => matchers);
  // Whole numbers match "1" and "1.0".
  const measured = matchers
    .filter(({ label }) => label === "le")
    .map(({ value }) => Number(value.replace("([.]0)?", "")));
  const isAsPromised = String(measured) === String(seconds === undefined ? [] : [seconds]);
  return [
    ...(isAsPromised ? [] : [`${key} is ${seconds} s, and measured by ${measured} s`]),
    ...measured
      .filter((bound) => !bounds.includes(bound))
      .map((bound) => `${key}: no histogram has the bound ${bound} s`),
  ];
}

function checkBudgets(rules: readonly Rule[], slos: Readonly<Record<string, ClassSlo>>): string[] {
  const budgets = Object.fromEntries(
    rules
      .filter(({ record }) => record === BUDGET)
      .map(({ labels, expr }) => [labels?.objective, Number(/^vector\((.+)\)$/.exec(expr)?.[1])]),
  );
  const wrong = Object.entries(slos).filter(
    ([, { availability }]) => Math.abs(1 - availability - budgets.availability) > 1e-9,
  );
  return [
    ...wrong.map(([name]) => `${name} availability has another budget than it promises`),
    ...(budgets.p95 === 0.05 && budgets.p99 === 0.01 ? [] : ["p95 and p99 leave 5 % and 1 %"]),
  ];
}
