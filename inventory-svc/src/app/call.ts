import { within } from "@tessera/service-kit/deadline";

/** What a call is told by its caller. */
export interface Call {
  /** Aborted when the caller has gone. */
  signal?: AbortSignal | undefined;
  /** How long the caller waits, in milliseconds; for ever when absent. */
  timeoutMs?: number | undefined;
  /** Names the call in the logs. */
  requestId?: string | undefined;
}

/** How long before its caller's deadline a call tells what has been done: milliseconds, and a share at most. */
const ANSWER_BEFORE = { ms: 250, share: 0.2 };

/** How long the work of a call may take whose caller waits for `timeoutMs`, in milliseconds. */
export function workTime(timeoutMs: number): number {
  const before = Math.min(ANSWER_BEFORE.ms, ANSWER_BEFORE.share * timeoutMs);
  return Math.max(1, Math.floor(timeoutMs - before));
}

/**
 * Settles as `work` does; rejects with DEADLINE_EXCEEDED when that takes so long that what was done
 * beside it would be told too late. The work goes on.
 */
export function inTime<T>({ timeoutMs }: Call, work: Promise<T>): Promise<T> {
  return timeoutMs === undefined ? work : within(workTime(timeoutMs), "the event's stock", work);
}
