import { check } from "../checker/check.ts";
import { gather, type Marks } from "../checker/gather.ts";
import { settled } from "../checker/settled.ts";
import type { StreamReader } from "../checker/stream-reader.ts";
import type { Violation } from "../checker/violation.ts";
import type { Stage } from "./stage.ts";

/** What came of a scene. */
export interface Verdict {
  violations: readonly Violation[];
  /** What did not come to rest, in words. */
  unsettled: readonly string[];
}

/**
 * Waits until all is quiet, or has had so many milliseconds to become quiet, and lets the checker
 * judge.
 */
export async function verdictOf(
  stage: Stage,
  { stream, after, quietMs }: { stream: StreamReader; after: Marks; quietMs: number },
): Promise<Verdict> {
  const { events, world, desk } = stage;
  const { mysqlUrls } = world;
  const aloneMs = stage.aloneSinceMs;
  // Scenes wait for the holds that are to lapse by themselves.
  const longestMs = 1_000 * Math.max(...events.map(({ holdSeconds }) => holdSeconds));
  const patienceMs = quietMs - longestMs;
  const unsettled = await settled({ mysqlUrls, events, stream, after, patienceMs });
  const moves = stream.entriesOf(events.map(({ id }) => id));
  const evidence = await gather({ mysqlUrls, events, stream: moves, quietMs: aloneMs, after });
  return { violations: check(desk.history, evidence), unsettled };
}
