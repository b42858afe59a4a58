import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { checkAddress } from "@tessera/testkit/stores/stores";
import { readFlags, wholeNumber } from "../local/read-flags.ts";
import { DAY_MS } from "./plan.ts";

/** How much there is. */
export interface DatasetCounts {
  events: number;
  users: number;
  reservations: number;
}

/** The sizes by name. */
export const SIZES: Readonly<Record<string, DatasetCounts>> = {
  tiny: { events: 1_000, users: 500, reservations: 5_000 },
  small: { events: 10_000, users: 2_000, reservations: 30_000 },
  medium: { events: 1_000_000, users: 100_000, reservations: 3_000_000 },
  full: { events: 10_000_000, users: 1_000_000, reservations: 30_000_000 },
};

export const HELP = `npm run dataset -- [--size small] [--events N] [--users N] [--reservations N]

Fills the databases with events, accounts and reservations that look like years of business.
Run it again after it was stopped, and it goes on where it was.

  --size WORD        tiny, small, medium or full; counts that are named replace the size's
  --events N         full: 10,000,000
  --users N          full: 1,000,000
  --reservations N   full: 30,000,000
  --seed N           another data set of the same size (default 1)
  --date YYYY-MM-DD  its "today": sales are on as of this day (default: today)
  --url URL          a server, as mysql://user:password@host:port, or MYSQL_URL; otherwise that of
                     the running "npm start", or its data, started for as long as it takes
  --prefix WORD      goes before the schemas' names (with --url)
  --allow-remote     load into a server that is not on this machine: everybody knows the password
                     of the accounts
  --method WORD      infile or insert; otherwise infile where the server allows it
  --check            read everything back afterwards, and compare the ledger with itself
`;

/** What the tool was asked for. */
export interface DatasetArguments {
  /** Without a date when none was given: the one that a load was begun with goes on. */
  counts: DatasetCounts;
  seed: number;
  dateMs: number | undefined;
  url: string | undefined;
  prefix: string;
  isRemoteAllowed: boolean;
  method: "infile" | "insert" | undefined;
  isChecked: boolean;
}

/** Reads the arguments; undefined when help is wanted. @throws OperatorError */
export function readArguments(args: readonly string[], env: NodeJS.ProcessEnv) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const options = {
    ...{ size: text, events: text, users: text, reservations: text, seed: text, date: text },
    ...{ url: text, prefix: text, method: text },
    ...{ "allow-remote": flag, check: flag, help: flag },
  };
  const { values } = readFlags({ args: [...args], options }, HELP);
  return values.help ? undefined : toArguments(values, env);
}

function toArguments(
  values: Readonly<Record<string, string | boolean | undefined>>,
  env: NodeJS.ProcessEnv,
): DatasetArguments {
  const of = (name: string) => {
    const value = values[name];
    return typeof value === "string" ? value : undefined;
  };
  const size = SIZES[of("size") ?? "small"];
  if (size === undefined) {
    throw new OperatorError(`--size must be one of ${Object.keys(SIZES).join(", ")}.`);
  }
  const count = (name: keyof DatasetCounts, max: number) =>
    wholeNumber(name, of(name) ?? String(size[name]), [1, max]);
  const method = of("method");
  if (method !== undefined && method !== "infile" && method !== "insert") {
    throw new OperatorError("--method must be infile or insert.");
  }
  const prefix = of("prefix") ?? "";
  if (!/^\w{0,20}$/.test(prefix)) {
    throw new OperatorError("--prefix must have at most 20 letters, digits and underscores.");
  }
  const url = of("url") ?? env.MYSQL_URL;
  checkAddress("--url (or MYSQL_URL)", url, ["mysql:"], "mysql://user:password@host:port");
  return {
    counts: {
      events: count("events", 100_000_000),
      users: count("users", 100_000_000),
      reservations: count("reservations", 1_000_000_000),
    },
    seed: wholeNumber("seed", of("seed") ?? "1", [0, 2 ** 31]),
    dateMs: dateOf(of("date")),
    url: url || undefined,
    prefix,
    isRemoteAllowed: values["allow-remote"] === true,
    method,
    isChecked: values.check === true,
  };
}

function dateOf(text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // Before, no sale could have a past; after, no hold could end within what SQL can name.
  if (Number.isNaN(ms) || ms < Date.UTC(2000) || ms > Date.UTC(2200)) {
    throw new OperatorError("--date must be a day such as 2030-01-31.");
  }
  return ms;
}

/** The last midnight, UTC. */
export function today(): number {
  return Math.floor(Date.now() / DAY_MS) * DAY_MS;
}
