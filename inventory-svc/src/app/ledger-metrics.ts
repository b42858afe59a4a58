import type { LedgerAudit } from "./ledger.ts";

/** What the ledger is asked to do. */
type LedgerOperation =
  | "allocate"
  | "commit"
  | "release"
  | "extend"
  | "capacity"
  | "event"
  | "sweep";

/** What the ledger says about itself. */
export interface LedgerMetrics {
  /** A batch of `size` entries arrived. */
  batch: (operation: LedgerOperation, size: number) => void;
  /** `count` entries ended as `outcome`: a word for success, or the reason of a refusal. */
  outcome: (operation: LedgerOperation, outcome: string, count?: number) => void;
  /** A call of an old lock holder was refused. */
  fencingRefusal: () => void;
  /** How long the longest lapsed orphan has been due, when a sweep began. */
  sweepLag: (seconds: number) => void;
  /** `count` orphans were released. */
  orphansReleased: (count: number) => void;
  /** Sums of the audit: what is wanting over all events, and the stock of those seen last. */
  audited: (audit: LedgerAudit) => void;
}
