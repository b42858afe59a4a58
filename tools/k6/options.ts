import { join } from "node:path";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { readFlags, wholeNumber } from "../local/read-flags.ts";
import type { Plan } from "./prepare.ts";
import { SCENARIOS, type Setting } from "./scenarios.ts";

const HELP = `npm run k6 -- <scenario> [--rate N] [--duration 90s|10m] [--size N]

Runs one of k6's scenarios against the system that "npm start" runs, or against one that it starts
and stops again; then asks the ledger whether all is exact. The exit code is 1 when a promise of
docs/slo.md, or an invariant, is broken. Report, plots and figures are left in .data/k6.
`;

/** What --help says, with all scenarios and what their settings mean. */
export function helpText(): string {
  const lines = SCENARIOS.flatMap(({ name, about, settings }) => {
    const { rate, seconds, size } = settings;
    const flags = [
      ...(rate.about === "" ? [] : [`--rate ${rate.fallback} (${rate.about})`]),
      ...(seconds.about === "" ? [] : [`--duration ${seconds.fallback}s`]),
      ...(size.about === "" ? [] : [`--size ${size.fallback} (${size.about})`]),
    ];
    return [`  ${name.padEnd(14)} ${about}`, `  ${" ".repeat(14)} ${flags.join(" ")}`];
  });
  return `${HELP}\n${lines.join("\n")}\n`;
}

/** Undefined when help is wanted. @throws OperatorError for what cannot be run. */
export function readPlan(args: readonly string[], folder: string): Plan | undefined {
  const text = { type: "string" } as const;
  const options = { rate: text, duration: text, size: text, help: { type: "boolean" } } as const;
  const config = { args: [...args], allowPositionals: true, options };
  const { values, positionals } = readFlags(config, helpText());
  const [name] = positionals;
  if (values.help === true || name === undefined) {
    return undefined;
  }
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined || positionals.length > 1) {
    throw new OperatorError(`There is no scenario "${positionals.join(" ")}".\n\n${helpText()}`);
  }
  const { rate, seconds, size } = scenario.settings;
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  return {
    scenario,
    folder: join(folder, `${name}-${time}`),
    settings: {
      rate: numberFor("rate", values.rate, rate),
      seconds: numberFor("duration", inSeconds(values.duration), seconds),
      size: numberFor("size", values.size, size),
    },
  };
}

/** "90s", "90" and "1.5m" are the same. */
function inSeconds(text: string | undefined): string | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(s|m)?$/.exec(text ?? "") ?? [];
  return number === undefined ? text : String(Math.round(Number(number) * (unit === "m" ? 60 : 1)));
}

function numberFor(flag: string, text: string | undefined, setting: Setting): number {
  if (text !== undefined && setting.about === "") {
    throw new OperatorError(`--${flag} means nothing to this scenario.`);
  }
  return wholeNumber(flag, text ?? String(setting.fallback), [1, setting.max]);
}
