import { once } from "node:events";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { type Children, stopChild } from "@tessera/testkit/stores/children";
import type { Plan } from "./prepare.ts";

/** For compiling, `setup`, starting virtual users and writing the report: in seconds. */
const OVERHEAD_SECONDS = 180;

/** Runs k6 to its end, or to that of its time; resolves to its exit code. */
export async function launchK6(
  children: Children,
  k6: string,
  { scenario, settings, folder }: Plan,
  { isQuiet = false } = {},
): Promise<number> {
  const child = children.spawn(
    "k6",
    [
      ...[k6, "run", join(ROOT, "k6", "scenarios", scenario.file)],
      ...["-e", `RUN_FILE=${join(folder, "run.json")}`],
      ...["-e", `SUMMARY_FILE=${join(folder, "summary.json")}`],
      ...(isQuiet ? ["--quiet"] : []),
      ...["--console-output", join(folder, "console.log"), "--no-usage-report"],
    ],
    {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        // Nobody's own settings for k6 change what a run is.
        HOME: folder,
        // It shares the machine: it has memory to spare, and should not spend the processor on saving it.
        GOGC: "400",
        // What is not in the binary is not there: nothing is fetched from a build service.
        K6_AUTO_EXTENSION_RESOLUTION: "false",
        K6_WEB_DASHBOARD: "true",
        K6_WEB_DASHBOARD_PORT: "-1",
        // A report needs some points, and a smoke test takes a second.
        K6_WEB_DASHBOARD_PERIOD: scenario.isCold === true ? "100ms" : "1s",
        K6_WEB_DASHBOARD_EXPORT: join(folder, "report.html"),
      },
      stdio: ["ignore", "inherit", "inherit"],
      order: 0,
    },
  );
  const mostSeconds = settings.seconds + scenario.graceSeconds(settings) + OVERHEAD_SECONDS;
  const deadline = setTimeout(() => {
    process.stdout.write(`k6 does not come to an end after ${mostSeconds} s; stopping it.\n`);
    void stopChild(child);
  }, mostSeconds * 1000);
  const [code] = await once(child, "exit");
  clearTimeout(deadline);
  return typeof code === "number" ? code : 1;
}
