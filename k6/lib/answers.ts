import { Counter, Rate } from "k6/metrics";
import type { RequestClass } from "./slo.ts";

/**
 * Answers that were not what the flow may expect: no answer, a 5xx, a refusal that makes no sense
 * here, or one that should say when to come again and does not.
 */
const unexpectedFailures = new Rate("unexpected_failures");
/** Refusals that the flow may expect, such as "sold out". */
const expectedRefusals = new Counter("expected_refusals");

/** Enough to see what goes wrong, and no more than a disk bears: of each virtual user. */
const MOST_TOLD = 5;
let told = 0;

/** What became of a request, in words for the log. */
export interface Verdict {
  class: RequestClass;
  route: string;
  kind: "fine" | "refused" | "unexpected";
  /** A status and a code; of a failure without an answer, the reason. */
  text: string;
}

/** Counts an answer; says on the console what was not expected. */
export function countAnswer({ class: className, route, kind, text }: Verdict): void {
  const tags = { class: className, route };
  unexpectedFailures.add(kind === "unexpected", tags);
  if (kind === "refused") {
    expectedRefusals.add(1, tags);
  }
  if (kind === "unexpected" && told < MOST_TOLD) {
    told += 1;
    console.error(`unexpected: ${route}: ${text}`);
  }
}
