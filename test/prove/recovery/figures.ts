import type { Operation } from "../history.ts";
import { type FailureKind, failureKinds, isAnswered } from "./failures.ts";

/** When something was broken, and how long it was watched; milliseconds since the history began. */
export interface Watched {
  /** When people began to arrive. */
  beginMs: number;
  brokenMs: number;
  healedMs: number;
  /** When people ceased to arrive. */
  endMs: number;
  /** Whether connections may break, beside honest refusals. */
  mayCut: boolean;
}

/** So much a second, in a stretch of time. */
interface Rates {
  /** Answers that were no failure. */
  answered: number;
  /** Successful reservations. */
  reserved: number;
}

/** What a fault did to those who bought meanwhile. Times in milliseconds. */
export interface Recovery {
  before: Rates;
  during: Rates;
  after: Rates;
  /** The longest time without a single answer since it was broken. */
  silenceMs: number;
  /** From breaking to the first answer to somebody who asked afterwards; undefined: none came. */
  firstAnswerMs: number | undefined;
  /** From breaking, and from healing, to {@link fullServiceFrom full service}. */
  fullAfterBreakingMs: number | undefined;
  fullAfterHealingMs: number | undefined;
  /** What failed since it was broken. */
  failures: readonly FailureKind[];
  /**
   * What failed since a second after it was broken, until it was healed. Waiting rooms that say
   * that they are lost do what their organisers want, and are not in it.
   */
  failedWhileBroken: number;
  /** What took longest of all that was answered since it was broken. */
  slowestAnswerMs: number;
}

/** At first nobody has anything to do; that is no usual rate, in milliseconds. */
const WARM_UP_MS = 1_000;
/** Full service is this share of the usual rate, in each of so many stretches of a second. */
const FULL_SHARE = 0.8;
const WINDOW_MS = 1_000;
const WINDOWS = 3;
/** How finely the beginning of full service is told, in milliseconds. */
const STEP_MS = 50;
/** So long it may take to notice that something is away, in milliseconds. */
const NOTICE_MS = 1_000;
const ROOM_LOST = "503 WAITING_ROOM_UNAVAILABLE";

/** Works out what a fault did to what was asked. */
export function recoveryOf(operations: readonly Operation[], watched: Watched): Recovery {
  const { beginMs, brokenMs, healedMs, endMs, mayCut } = watched;
  const before = rates(operations, beginMs + WARM_UP_MS, brokenMs);
  const since = operations.filter((operation) => (operation.endMs ?? 0) >= brokenMs);
  const first = since
    .filter((operation) => isAnswered(operation) && operation.startMs >= brokenMs)
    .map((operation) => (operation.endMs ?? 0) - brokenMs);
  const fullFrom = (fromMs: number) => {
    const full = fullServiceFrom(operations, { usual: before.answered, fromMs, endMs });
    return full === undefined ? undefined : full - fromMs;
  };
  const whileBroken = since.filter(
    (operation) => operation.startMs >= brokenMs + NOTICE_MS && operation.startMs < healedMs,
  );
  return {
    before,
    during: rates(operations, brokenMs, healedMs),
    after: rates(operations, healedMs, endMs),
    silenceMs: silence(operations, brokenMs, endMs),
    firstAnswerMs: first.length === 0 ? undefined : Math.min(...first),
    fullAfterBreakingMs: fullFrom(brokenMs),
    fullAfterHealingMs: fullFrom(healedMs),
    failures: failureKinds(since, mayCut),
    failedWhileBroken: failureKinds(whileBroken, mayCut)
      .filter(({ kind }) => kind !== ROOM_LOST)
      .reduce((sum, { count }) => sum + count, 0),
    slowestAnswerMs: Math.max(0, ...since.map(durationOf)),
  };
}

/**
 * The first moment from which, for three seconds, four fifths of the usual rate are answered in
 * each second, or of what people wanted when they wanted less; undefined when it never comes.
 */
function fullServiceFrom(
  operations: readonly Operation[],
  { usual, fromMs, endMs }: { usual: number; fromMs: number; endMs: number },
): number | undefined {
  const isFull = (atMs: number) => {
    const untilMs = atMs + WINDOW_MS;
    const wanted = operations.filter(
      (operation) =>
        operation.startMs < untilMs && (operation.endMs ?? Number.POSITIVE_INFINITY) >= atMs,
    );
    const answered = wanted.filter(
      (operation) => isAnswered(operation) && (operation.endMs ?? 0) < untilMs,
    );
    const expected = Math.min((usual * WINDOW_MS) / 1000, wanted.length);
    return answered.length > 0 && answered.length >= FULL_SHARE * expected;
  };
  for (let atMs = fromMs; atMs + WINDOWS * WINDOW_MS <= endMs; atMs += STEP_MS) {
    const windows = Array.from({ length: WINDOWS }, (_unused, index) => atMs + index * WINDOW_MS);
    if (windows.every(isFull)) {
      return atMs;
    }
  }
  return undefined;
}

function rates(operations: readonly Operation[], fromMs: number, untilMs: number): Rates {
  const ended = operations.filter(
    ({ endMs }) => endMs !== undefined && endMs >= fromMs && endMs < untilMs,
  );
  const perSecond = (some: readonly Operation[]) =>
    untilMs <= fromMs ? 0 : (1000 * some.length) / (untilMs - fromMs);
  return {
    answered: perSecond(ended.filter(isAnswered)),
    reserved: perSecond(ended.filter(isReserved)),
  };
}

function silence(operations: readonly Operation[], fromMs: number, endMs: number): number {
  const times = operations
    .filter((operation) => isAnswered(operation))
    .map((operation) => operation.endMs ?? 0)
    .filter((time) => time >= fromMs && time < endMs)
    .sort((one, other) => one - other);
  let longest = 0;
  let last = fromMs;
  for (const time of [...times, Math.max(fromMs, endMs)]) {
    longest = Math.max(longest, time - last);
    last = time;
  }
  return longest;
}

function durationOf({ told, startMs, endMs }: Operation): number {
  return told === undefined || endMs === undefined ? 0 : endMs - startMs;
}

/** True when somebody was told that units are his. */
export function isReserved({ wish, outcome, endMs }: Operation): boolean {
  return wish.kind === "reserve" && endMs !== undefined && outcome === "ok";
}
