// Whether a system's databases agree: "npm run invariants" (see --help).
import { EnvReader } from "@tessera/service-kit/env";
import { violationsOf } from "@tessera/testkit/invariants";
import type { PerSchema } from "@tessera/testkit/schemas";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { readFlags } from "./local/read-flags.ts";
import { findRunningSystem } from "./local/running-system.ts";
import { runProgram } from "./local/session.ts";

const HELP = `[INVENTORY_URL=mysql://… RESERVATION_URL=mysql://…] npm run invariants -- [--moving]

Asks the databases that these name, or those of the system that "npm start" runs. Reads both schemas
to their ends, changes nothing, and lists what does not add up: units against capacities and
allocations, limits, reservations against allocations and published moves. With --moving only
what holds at every moment: while buyers are served, one side is always a step ahead.
For TLS, with Amazon's authorities and through a tunnel as well, add ?ssl=Amazon%20RDS to the URLs.
The exit code is 1 when something was found.
`;

await runProgram(async () => {
  const flag = { type: "boolean", default: false } as const;
  const { values } = readFlags({ options: { moving: flag, help: flag } }, HELP);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const found = await violationsOf(await chooseUrls(), { isSettled: !values.moving });
  process.stdout.write(`${found.length === 0 ? "All of it adds up." : found.join("\n")}\n`);
  return found.length === 0 ? 0 : 1;
});

type Urls = Pick<PerSchema, "inventory" | "reservation">;

async function chooseUrls(): Promise<Urls> {
  const isNamed = process.env.INVENTORY_URL || process.env.RESERVATION_URL;
  const running = isNamed ? undefined : await findRunningSystem();
  if (running === undefined) {
    return readUrls();
  }
  process.stdout.write(`Using the databases of the system at ${running.bffUrl}.\n`);
  return running.mysqlUrls;
}

function readUrls(): Urls {
  const env = new EnvReader(process.env);
  try {
    return env.finish({
      inventory: env.url("INVENTORY_URL", { protocols: ["mysql:"] }),
      reservation: env.url("RESERVATION_URL", { protocols: ["mysql:"] }),
    });
  } catch (cause) {
    throw new OperatorError(`${cause instanceof Error ? cause.message : cause}\n\n${HELP}`, {
      cause,
    });
  }
}
