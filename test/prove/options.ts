import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { readFlags } from "../../tools/local/read-flags.ts";

/** What a run was asked to be. */
export interface Options {
  /** Everything that is left to chance follows from it. */
  seed: number;
  /** For the rounds of faults; the controls come on top. */
  minutes: number;
  /** Names of faults, such as `kill-redis`, and of controls; empty for all of them. */
  only: readonly string[];
  /** People who arrive in a second. */
  rate: number;
  /** Independent Redis nodes that vote on locks; 0 when the one Redis has them. */
  lockNodes: 0 | 3;
  /** False to leave the negative controls out. */
  hasControls: boolean;
  /** False to tell how fast the system recovers, and not to judge it. */
  hasTargets: boolean;
}

/** What `--help` prints. */
export const HELP = `npm run prove -- [--seed N] [--minutes 10] [--only fault,…] [--rate 60] [--lock-nodes 3]
                 [--no-controls] [--no-targets]

Sells tickets to a crowd on real processes, MySQL and Redis, breaks one thing after the other, and
compares what buyers were told with what the databases hold. Then it takes the product's safeguards
away one by one, to see that the same checks find out.

--seed         repeats a run's choices: what is broken when, who buys what; printed at the start
--minutes      how long things are broken, with one fault at least; each comes alone first, then several
               together; the controls take about three minutes more
--only         faults by name, alone; network faults on one link as net-drop@reservation-mysql;
               a control's name runs that control
--rate         people who arrive in a second
--lock-nodes   0: one Redis has the locks as well; 3: a quorum of Redis nodes has them
--no-controls  without the controls
--no-targets   recovery is measured and not judged: for machines that do other things as well
--list         the names of all faults and controls

The exit code is 1 when a promise was broken, something died or was left behind, a target of recovery was
missed, there was no time to sell the rest, a figure grew, or a control was not caught. The report, with
a picture, is left in .data/prove/reports.
`;

/** "help" when that is wanted, "list" when the names are. @throws OperatorError */
export function readOptions(args: readonly string[]): Options | "help" | "list" {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const onFlag = { type: "boolean", default: true } as const;
  const options = {
    ...{ seed: text, minutes: text, only: text, rate: text, "lock-nodes": text },
    ...{ controls: onFlag, targets: onFlag, list: flag, help: flag },
  };
  const { values } = readFlags({ args: [...args], options, allowNegative: true }, HELP);
  if (values.help || values.list) {
    return values.help ? "help" : "list";
  }
  return {
    seed: number("seed", values.seed ?? String(Date.now() % 1e6), [0, 2 ** 32 - 1]),
    minutes: number("minutes", values.minutes ?? "10", [0, 24 * 60]),
    only: values.only?.split(",").filter((name) => name !== "") ?? [],
    rate: number("rate", values.rate ?? "60", [1, 2_000]),
    lockNodes: lockNodes(values["lock-nodes"] ?? "0"),
    hasControls: values.controls,
    hasTargets: values.targets,
  };
}

function number(name: string, text: string, [min, max]: readonly [number, number]): number {
  const value = Number(text);
  if (text === "" || !(value >= min && value <= max)) {
    throw new OperatorError(`--${name} must be a number from ${min} to ${max}.\n\n${HELP}`);
  }
  return value;
}

function lockNodes(text: string): 0 | 3 {
  if (text !== "0" && text !== "3") {
    throw new OperatorError(`--lock-nodes must be 0 or 3.\n\n${HELP}`);
  }
  return text === "3" ? 3 : 0;
}
