import { type PerSchema, SCHEMAS } from "@tessera/testkit/schemas";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { createConnection } from "mysql2/promise";
import { LiveLine } from "../demo/live-line.ts";
import { eventTable, stockTable } from "./event-rows.ts";
import { LoadMeter } from "./load-meter.ts";
import type { LoadTable } from "./load-table.ts";
import { type LoadMethod, loadTable, methodOf } from "./loader.ts";
import { DatasetPlan, type DatasetSpec } from "./plan.ts";
import { begunSpec } from "./progress-table.ts";
import { allocationTable, reservationTable } from "./reservation-rows.ts";
import { type DatasetCounts, today } from "./sizes.ts";
import { userTable } from "./user-rows.ts";

/** What to load, and where. */
export interface LoadWish {
  urls: PerSchema;
  counts: DatasetCounts;
  seed: number;
  dateMs: number | undefined;
  method: LoadMethod | undefined;
  say: (text: string) => void;
  /** Shows no bar. */
  isQuiet?: boolean;
  /** Ends the load after the transaction that is under way. */
  signal?: AbortSignal;
}

/** What a run came to. */
export interface LoadOutcome {
  spec: DatasetSpec;
  /** False when it was stopped before the end. */
  isWhole: boolean;
  /** Reservations that this run loaded a second, with their allocations and indexes. */
  reservationsPerSecond: number;
}

/** Loads what is missing of a data set. @throws OperatorError when another one was begun. */
export async function loadDataset(wish: LoadWish): Promise<LoadOutcome> {
  const { urls, say, signal } = wish;
  const spec = await specOf(wish);
  const text = specText(spec);
  const plan = new DatasetPlan(spec);
  const method = wish.method ?? (await methodOf(urls.inventory));
  say(
    method === "infile"
      ? "Rows are streamed as LOAD DATA LOCAL INFILE."
      : "Rows go as INSERTs; LOAD DATA LOCAL INFILE would be faster, where a server allows it.",
  );
  const stage = async (what: string, total: number, tables: readonly LoadTable[]) => {
    const meter = new LoadMeter(what, total);
    if (signal?.aborted === true) {
      return meter;
    }
    const line = wish.isQuiet === true ? undefined : new LiveLine(() => meter.line());
    try {
      await Promise.all(
        tables.map((table) =>
          loadTable(table, {
            ...{ url: urls[table.schema], method, spec: text },
            onProgress: (done) => meter.report(table.table, done),
            onLateIndex: () => meter.note("building an index"),
            ...(signal === undefined ? {} : { signal }),
          }),
        ),
      );
    } finally {
      line?.stop();
    }
    return meter;
  };
  say("The index of everybody's own reservations is built last; their lists are slow until then.");
  await stage("users", spec.users, [userTable(spec)]);
  await stage("events", spec.events, [eventTable(plan), stockTable(plan)]);
  const tables = [reservationTable(plan), allocationTable(plan)];
  const { perSecond } = await stage("reservations", spec.reservations, tables);
  return { spec, isWhole: signal?.aborted !== true, reservationsPerSecond: perSecond };
}

/** The spec that was asked for; its date is the one that the load was begun with. */
async function specOf({ urls, counts, seed, dateMs }: LoadWish): Promise<DatasetSpec> {
  const begun = await Promise.all(SCHEMAS.map((schema) => loadedSpec(urls[schema])));
  const first = begun.find((spec) => spec !== undefined);
  const spec = { ...counts, seed, dateMs: dateMs ?? first?.dateMs ?? today() };
  const text = specText(spec);
  const other = begun.find((one) => one !== undefined && specText(one) !== text);
  if (other !== undefined) {
    throw new OperatorError(
      `These databases hold another data set: ${specText(other)}. Ask for that one to go on with ` +
        'it, or begin with empty databases ("npm start -- --fresh" makes some).',
    );
  }
  return spec;
}

/** The data set that a schema holds, or part of it; undefined when there is none. */
export async function loadedSpec(url: string): Promise<DatasetSpec | undefined> {
  await using connection = await createConnection({ uri: url, connectTimeout: 5_000 });
  const text = await begunSpec(connection);
  return text === undefined ? undefined : parseSpec(text);
}

function specText({ events, users, reservations, seed, dateMs }: DatasetSpec): string {
  const date = new Date(dateMs).toISOString().slice(0, 10);
  return (
    `--events ${events} --users ${users} --reservations ${reservations} ` +
    `--seed ${seed} --date ${date}`
  );
}

function parseSpec(text: string): DatasetSpec {
  const of = (name: string) => new RegExp(`--${name} (\\S+)`).exec(text)?.[1] ?? "";
  return {
    events: Number(of("events")),
    users: Number(of("users")),
    reservations: Number(of("reservations")),
    seed: Number(of("seed")),
    dateMs: Date.parse(of("date")),
  };
}
