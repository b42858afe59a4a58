import type { Random } from "../random.ts";
import type { World } from "../world/world.ts";

/** A way in which something breaks. */
export interface Fault {
  /** In kebab-case; what `--only` selects. */
  name: string;
  /** In words, for a report's reader. */
  title: string;
  /**
   * What it breaks, such as "redis", "mysql", "network" or a service's name: two faults of one part
   * never come at the same time.
   */
  part: string;
  /** For how long it lasts, in milliseconds, at least and at most. */
  lastsMs: readonly [min: number, max: number];
  /** What may be seen while it lasts, beside 503, 504 and 429 with `Retry-After`. */
  mayCut: boolean;
  /** Why it cannot be had in this world; undefined when it can. */
  needs?(world: World): string | undefined;
  /** Breaks it; resolves when it is broken. What failed half-way leaves nothing broken. */
  begin(world: World, random: Random): Promise<Broken>;
}

/** Something that is broken now. */
export interface Broken {
  /** What exactly, for the live line: "reservation-svc-1 killed". */
  what: string;
  /**
   * Lets it be whole again; resolves when what was taken away is there again, which is not yet
   * when all is served again.
   */
  heal(): Promise<void>;
}
