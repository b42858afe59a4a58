// The on-sale: "npm run demo", with the system running or not (see --help).
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { onSale, type SaleSize } from "./demo/on-sale.ts";
import { freePorts } from "./local/ports.ts";
import { Progress } from "./local/progress.ts";
import { readFlags, wholeNumber } from "./local/read-flags.ts";
import { findRunningSystem } from "./local/running-system.ts";
import { inSession, runProgram } from "./local/session.ts";
import { startSystem } from "./local/system.ts";

const HELP = `npm run demo -- [--buyers 5000] [--tickets 1000]

A crowd buys an event out, all at once: a third of those who get tickets confirm, a third cancel,
a third let go. Uses the system that "npm start" runs, or starts one and stops it again.
The exit code is 1 when the databases do not agree with what buyers were told.
`;

await runProgram(async () => {
  const size = readSize();
  if (size === undefined) {
    process.stdout.write(HELP);
    return 0;
  }
  const progress = new Progress();
  const running = await findRunningSystem();
  if (running !== undefined) {
    progress.say(`Using the system at ${running.bffUrl}.`);
    return await onSale(running, size, progress);
  }
  const folder = join(ROOT, ".data", "demo");
  const { say } = progress;
  say('No "npm start" is running: starting a system for the demo.');
  return await inSession({ folder, progress, codeOnSignal: 130 }, async (session) => {
    const system = await startSystem({
      session,
      progress,
      ports: await freePorts(),
      env: process.env,
      schemaPrefix: "demo_",
      logLevel: "warn",
    });
    return await onSale(system, size, progress);
  });
});

/** Undefined when help is wanted. */
function readSize(): SaleSize | undefined {
  const text = { type: "string" } as const;
  const options = { buyers: text, tickets: text, help: { type: "boolean" } } as const;
  const { values } = readFlags({ options }, HELP);
  return values.help === true
    ? undefined
    : {
        buyers: wholeNumber("buyers", values.buyers ?? "5000", [1, 100_000]),
        tickets: wholeNumber("tickets", values.tickets ?? "1000", [5, 1_000_000]),
      };
}
