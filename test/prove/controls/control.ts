import type { ServiceName } from "@tessera/testkit/services";
import type { Claim } from "../checker/violation.ts";

/** One piece of a source, and what stands there instead. */
interface Replacement {
  /** Found exactly once, or nothing is changed and the process dies. */
  from: string;
  to: string;
}

/** A change of one of the product's sources, made as it is loaded. */
export interface SourceChange {
  service: ServiceName;
  /** Its path below the service's `src`. */
  file: string;
  replace: readonly Replacement[];
}

/** The product with something taken out of it that the checker must miss. */
export interface Control {
  /** In kebab-case. */
  name: string;
  /** In words, for a report's reader. */
  title: string;
  changes: readonly SourceChange[];
  /** Settings that differ from the usual ones while it is in force. */
  settings?: Readonly<Partial<Record<ServiceName, Readonly<Record<string, string>>>>>;
  /** What must be found broken, all of it; more may be. */
  expects: readonly Claim[];
}

/** The changed source. Throws when one of the texts is not found exactly once. */
export function changed(source: string, { service, file, replace }: SourceChange): string {
  let text = source;
  for (const { from, to } of replace) {
    const times = text.split(from).length - 1;
    if (times !== 1) {
      throw new Error(`${service}/src/${file} has this ${times} times instead of once:\n${from}`);
    }
    text = text.replace(from, () => to);
  }
  return text;
}
