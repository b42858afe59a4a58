/** What a network does to what it carries. */
export type Impairment =
  /** Each piece of data arrives so much later, in order. */
  | { kind: "delay"; ms: number; jitterMs: number }
  /** Nothing arrives any more, either way, and nobody is told. */
  | { kind: "drop" }
  /** Connections are reset, again and again; new ones can be made. */
  | { kind: "cut"; everyMs: number }
  /** What is asked arrives and is done; no answer comes back. Connections end when it is healed. */
  | { kind: "lose-replies" }
  /** Connections that are open carry nothing any more, ever, and nobody is told; new ones do. */
  | { kind: "strand" }
  /** This share of requests arrives twice; the first answer is the one that counts. */
  | { kind: "duplicate"; share: number };

/**
 * One piece of the network: listens for its callers, and forwards them to whichever of its targets
 * is there, in turn.
 */
export interface Link {
  /** Where its callers connect, as host:port. */
  readonly address: string;
  /** Connections that are open through it now. */
  readonly connections: number;
  /** Whatever was impaired before is forgotten. */
  impair(impairment: Impairment): void;
  /**
   * Carries everything again; connections that lost something are cut, so that nobody waits on them.
   * Those that were stranded stay so: whoever waits on them has to find that out.
   */
  heal(): void;
}
