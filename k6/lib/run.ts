import { SharedArray } from "k6/data";
import exec from "k6/execution";
import type { Account, Buyer, RunEvent, RunFile, Sample } from "./run-file.ts";

/** What this run is to do. */
export const run: RunFile = JSON.parse(open(__ENV.RUN_FILE ?? ""));

/** One copy for all virtual users; only the init context may make one. */
const buyers = listFrom<Buyer>("buyers", run.buyersFile);
const accounts = listFrom<Account>("accounts", run.accountsFile);
const sample = new SharedArray<Sample>("sample", () =>
  run.sampleFile === "" ? [] : [JSON.parse(open(run.sampleFile))],
);
const sampled = {
  eventIds: new SharedArray("event ids", () => sample[0]?.eventIds ?? []),
  prefixes: new SharedArray("prefixes", () => sample[0]?.prefixes ?? []),
  reservations: new SharedArray("reservations", () => sample[0]?.reservations ?? []),
};

/** The buyer of this number; they come round again when there are no more. */
export function buyerOf(number: number): Buyer {
  return oneOf(buyers, number);
}

/** The buyer of this iteration: another one each time. */
export function nextBuyer(): Buyer {
  return buyerOf(exec.scenario.iterationInTest);
}

/** Anybody's account. */
export function anyAccount(): Account {
  return anyOf(accounts);
}

/** Any event, from all over the table. */
export function anyEventId(): string {
  return anyOf(sampled.eventIds);
}

/** The beginning of any event's name. */
export function anyPrefix(): string {
  return anyOf(sampled.prefixes);
}

/** Any reservation, with a token of its owner. */
export function anyReservation(): Sample["reservations"][number] {
  return anyOf(sampled.reservations);
}

/** Any of the run's events. */
export function anyEvent(events: readonly RunEvent[]): RunEvent {
  return anyOf(events);
}

/** Any element; @throws RangeError when there is none. */
export function anyOf<T>(list: readonly T[]): T {
  return oneOf(list, Math.floor(Math.random() * list.length));
}

function oneOf<T>(list: readonly T[], number: number): T {
  const one = list[number % list.length];
  if (one === undefined) {
    throw new RangeError("the run file has none of these for this scenario");
  }
  return one;
}

function listFrom<T>(name: string, file: string): T[] {
  return new SharedArray<T>(name, () => (file === "" ? [] : JSON.parse(open(file))));
}
