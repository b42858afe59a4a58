import type { System } from "@tessera/testkit/processes";
import { expect } from "chai";
import type { Parameters } from "fast-check";

/** Enough to try each field a few times, in seconds; by hand: FUZZ_RUNS=5000 FUZZ_SEED=7. */
const RUNS = 25;

// biome-ignore lint/style/noProcessEnv: how long to try is up to who runs the tests.
const { FUZZ_RUNS, FUZZ_SEED } = process.env;

/**
 * How a property is tried. The seed is always the same unless another is given, so that a red run
 * is red again; a failure prints it, with the smallest input that fails.
 */
export const FUZZ: Parameters<unknown> = {
  numRuns: Number(FUZZ_RUNS ?? RUNS),
  seed: Number(FUZZ_SEED ?? 1),
};

/** How long so many runs of one property may take, in milliseconds. */
export const FUZZ_TIMEOUT_MS = 20_000 + (FUZZ.numRuns ?? 0) * 200;

/** Tells which processes run; called again, fails unless they are the same and still run. */
export function aliveCheck(system: System): () => void {
  const now = () =>
    Object.values(system.processes)
      .flat()
      .map(({ name, pid, exitCode }) => ({ name, pid, exitCode }));
  const before = now();
  return () => expect(now(), "the processes").to.deep.equal(before);
}
