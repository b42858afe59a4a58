/** A move, as consumers get it. */
export interface OutboxRow {
  /** Grows with every move; consumers tell repeats by it. */
  seq: number;
  reservationId: string;
  payload: string;
}

/** Where moves are read from, in order, by one relay at a time. */
export interface Outbox {
  /**
   * Hands the next rows, and the age of the oldest in milliseconds, to `publish`, and moves the
   * cursor once it resolves.
   *
   * Resolves to how many rows were published and how old the oldest was; `isBusy` when another
   * relay is at it, or keeps it.
   */
  advance(
    limit: number,
    publish: (rows: readonly OutboxRow[], lagMs: number) => Promise<void>,
  ): Promise<{ isBusy: boolean; published: number; lagMs: number }>;
}

/** Where moves are published to, at least once, in order. */
export interface EventStream {
  publish(rows: readonly OutboxRow[]): Promise<void>;
}

/**
 * One round: publishes until nothing is left, another relay is at it, or `isStopped`.
 * Rejects while the stream or the database is away; nothing is lost, the cursor stays.
 */
export async function relayOutbox(
  deps: {
    outbox: Outbox;
    stream: EventStream;
    batchSize: number;
    onBatch: (batch: { published: number; lagSeconds: number }) => void;
  },
  isStopped: () => boolean,
): Promise<void> {
  const publish = async (rows: readonly OutboxRow[], lagMs: number) => {
    try {
      await deps.stream.publish(rows);
    } catch (reason) {
      // What cannot be published grows older, and somebody should hear of it.
      deps.onBatch({ published: 0, lagSeconds: lagMs / 1000 });
      throw reason;
    }
  };
  while (!isStopped()) {
    const { isBusy, published, lagMs } = await deps.outbox.advance(deps.batchSize, publish);
    deps.onBatch({ published, lagSeconds: lagMs / 1000 });
    if (isBusy || published < deps.batchSize) {
      return;
    }
  }
}
