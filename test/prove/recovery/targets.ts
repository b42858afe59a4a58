import type { Recovery } from "./figures.ts";

/** What is expected of the recovery from some faults. Times in milliseconds. */
interface Target {
  /** In words, for a report's reader. */
  title: string;
  /** The names of the faults. */
  faults: RegExp;
  /** Full service, from breaking on: others are there to do it. */
  fullAfterBreakingMs?: number;
  /** Full service, from healing on: nobody else can do it. */
  fullAfterHealingMs?: number;
  /** Nothing fails once it was noticed. */
  isFlawless?: boolean;
  /** What is answered while it lasts, as a share of what was before. */
  shareDuring?: number;
  /** A kind of failure that nothing can be done about, and which is none elsewhere. */
  mayFail?: RegExp;
}

/** What a fault's own figures are held against, beside what is asked of all. */
const TARGETS: readonly Target[] = [
  {
    title: "one process killed: full service within 2 s",
    faults: /^kill-(bff|inventory-svc|reservation-svc|user-svc)$/,
    fullAfterBreakingMs: 2_000,
  },
  {
    title: "Redis away: nothing fails after a second, and at least half is answered",
    faults: /^(kill|pause)-redis$/,
    isFlawless: true,
    shareDuring: 0.5,
  },
  {
    title: "one lock node away: nothing fails, the others are a majority",
    faults: /^kill-lock-node$/,
    isFlawless: true,
  },
  {
    title: "a clock that is wrong: tokens may be over, or not yet valid, for who goes by it",
    faults: /^clock-/,
    mayFail: /^401 /,
  },
  {
    title: "MySQL back: full service within 5 s",
    faults: /^(kill|pause)-mysql$/,
    fullAfterHealingMs: 5_000,
  },
];

/**
 * The longest that an answer may take, in milliseconds: 2 s for a call between services, 2 s for a
 * turn to hash a password, and a second for a machine that does everything at once.
 */
const ANSWER_DEADLINE_MS = 5_000;

/** What was missed, each in a sentence; empty when all is as it should be. */
export function missedTargets(fault: string, recovery: Recovery): string[] {
  const own = TARGETS.filter(({ faults }) => faults.test(fault));
  const failures = recovery.failures.filter(
    ({ kind }) => !own.some(({ mayFail }) => mayFail?.test(kind)),
  );
  return [
    ...missedByAll({ ...recovery, failures }),
    ...own.flatMap((target) => missed(target, recovery)),
  ];
}

function missedByAll({ failures, slowestAnswerMs, after }: Recovery): string[] {
  return [
    ...failures
      .filter(({ isExpected }) => !isExpected)
      .map(({ kind, count }) => `${count} times ${kind}, which nobody should see`),
    ...failures
      .filter(({ withoutRetryAfter }) => withoutRetryAfter > 0)
      .map(({ kind, withoutRetryAfter }) => `${withoutRetryAfter} times ${kind}, no Retry-After`),
    ...(slowestAnswerMs > ANSWER_DEADLINE_MS
      ? [`an answer took ${Math.round(slowestAnswerMs)} ms, ${ANSWER_DEADLINE_MS} are allowed`]
      : []),
    ...(after.answered > 0 ? [] : ["nothing was answered after it was healed"]),
  ];
}

function missed(target: Target, recovery: Recovery): string[] {
  const { before, during, failedWhileBroken } = recovery;
  const share = before.answered === 0 ? 1 : during.answered / before.answered;
  const { shareDuring = 0, isFlawless = false } = target;
  return [
    ...late("breaking", target.fullAfterBreakingMs, recovery.fullAfterBreakingMs),
    ...late("healing", target.fullAfterHealingMs, recovery.fullAfterHealingMs),
    ...(isFlawless && failedWhileBroken > 0
      ? [`${failedWhileBroken} requests failed later than a second after breaking`]
      : []),
    ...(share < shareDuring
      ? [
          `${Math.round(100 * share)} % of the usual rate while broken, ${100 * shareDuring} % wanted`,
        ]
      : []),
  ];
}

function late(since: string, limitMs: number | undefined, tookMs: number | undefined): string[] {
  if (limitMs === undefined || (tookMs !== undefined && tookMs <= limitMs)) {
    return [];
  }
  const took = tookMs === undefined ? "never" : `${Math.round(tookMs)} ms`;
  return [`full service ${took} after ${since}, ${limitMs} ms are allowed`];
}
