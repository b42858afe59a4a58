import type { Scenario } from "k6/options";

/** People who arrive however long the others take. */
export interface Arrivals {
  /** How many, each … */
  rate: number;
  per: "second" | "minute";
  seconds: number;
  /** How long one of them is expected to stay. */
  staySeconds: number;
  /** How long whoever is still there at the end may go on, in seconds. */
  graceSeconds?: number;
  startSeconds?: number;
  /** The exported function; `default` unless given. */
  exec?: string;
}

/**
 * An open model: a slow answer delays nobody's arrival.
 *
 * The pool has room for everybody who is there at once, and as many more for when answers are
 * slow. Who finds no room is a dropped iteration, and a threshold makes the run fail for it.
 */
export function arriving(arrivals: Arrivals): Scenario {
  const { rate, per, seconds, staySeconds, graceSeconds = 30, startSeconds = 0 } = arrivals;
  const perSecond = per === "second" ? rate : rate / 60;
  const atOnce = Math.ceil(perSecond * Math.min(staySeconds, seconds)) + 1;
  return {
    executor: "constant-arrival-rate",
    rate,
    timeUnit: per === "second" ? "1s" : "1m",
    duration: `${seconds}s`,
    startTime: `${startSeconds}s`,
    gracefulStop: `${graceSeconds}s`,
    preAllocatedVUs: atOnce,
    maxVUs: 2 * atOnce + 10,
    exec: arrivals.exec ?? "default",
  };
}
