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

/** How long a scene's traces may take to come to rest, in milliseconds: a hold's time, and a sweep. */
const QUIET_MS = 5_000;

/** Waits until all is quiet, or will not be, and lets the checker judge. */
export async function verdictOf(
  stage: Stage,
  { stream, after }: { stream: StreamReader; after: Marks },
): Promise<Verdict> {
  const { quietMs, events } = stage;
  const { mysqlUrls } = stage.world;
  const longestMs = 1_000 * Math.max(...events.map(({ holdSeconds }) => holdSeconds));
  const patienceMs = QUIET_MS - longestMs;
  const unsettled = await settled({ mysqlUrls, events, stream, after, patienceMs });
  const moves = stream.entriesOf(events.map(({ id }) => id));
  const evidence = await gather({ mysqlUrls, events, stream: moves, quietMs, after });
  return { violations: check(stage.desk.history, evidence), unsettled };
}
