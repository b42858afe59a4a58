// Whether tickets are sold once whatever breaks: "npm run prove" (see --help).
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { ownBinaries } from "@tessera/testkit/stores/stores";
import { Progress } from "../../tools/local/progress.ts";
import { inSession, runProgram } from "../../tools/local/session.ts";
import { CONTROLS } from "./controls/all.ts";
import { FAULTS } from "./faults/all.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { writeReport } from "./report/report.ts";
import { chosen, playControls, playRounds } from "./run.ts";

await runProgram(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options === "help" || options === "list") {
    process.stdout.write(options === "help" ? HELP : names());
    return 0;
  }
  const folder = join(ROOT, ".data", "prove");
  const progress = new Progress();
  const { say } = progress;
  return await inSession({ folder, progress, codeOnSignal: 130 }, async (session) => {
    await ownBinaries(say);
    say(`Seed ${options.seed}: "${commandOf(options)}" repeats what this run chooses.`);
    const { faults, controls } = chosen(options);
    const parts = { session, progress };
    const played =
      faults.length === 0
        ? { rounds: [], refused: [], footprints: [] }
        : await playRounds(options, faults, parts);
    const results = options.hasControls ? await playControls(controls, parts) : [];
    const reports = join(folder, "reports", new Date().toISOString().replaceAll(/[:.]/g, "-"));
    mkdirSync(reports, { recursive: true });
    const verdict = writeReport(reports, {
      ...{ options, played, results, command: commandOf(options) },
    });
    process.stdout.write(`${verdict.text}\n`);
    say(`The report is ${join(reports, "proof.md")}.`);
    // The last line, for programs that count.
    process.stdout.write(`${verdict.passed} passed, ${verdict.failed} failed\n`);
    return verdict.failed === 0 ? 0 : 1;
  });
});

function commandOf(options: Options): string {
  const { seed, minutes, only, rate, lockNodes, hasControls, hasTargets } = options;
  return [
    `npm run prove -- --seed ${seed} --minutes ${minutes} --rate ${rate} --lock-nodes ${lockNodes}`,
    ...(only.length === 0 ? [] : [`--only ${only.join(",")}`]),
    ...(hasControls ? [] : ["--no-controls"]),
    ...(hasTargets ? [] : ["--no-targets"]),
  ].join(" ");
}

function names(): string {
  const all = [...FAULTS, ...CONTROLS];
  const width = Math.max(...all.map(({ name }) => name.length));
  return all.map(({ name, title }) => `${name.padEnd(width)} ${title}\n`).join("");
}
