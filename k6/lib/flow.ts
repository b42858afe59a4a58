import { Rate } from "k6/metrics";

/** Iterations that ended with an exception: k6 by itself would only log them. */
const broken = new Rate("broken_iterations");

/** What one person does, watched: a bug in a scenario must not look like a good run. */
export function flow<T>(steps: (prepared: T) => void): (prepared: T) => void {
  return (prepared) => {
    try {
      steps(prepared);
      broken.add(false);
    } catch (reason) {
      broken.add(true);
      throw reason;
    }
  };
}
