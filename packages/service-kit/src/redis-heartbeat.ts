import { type Repeated, repeat } from "./repeat.ts";

/** A connection of ioredis's, as far as a heartbeat needs it. */
export interface Pinged {
  readonly status: string;
  ping(): Promise<unknown>;
  disconnect(reconnect?: boolean): void;
}

/** How often a connection is asked whether it is alive, in milliseconds. */
const EVERY_MS = 1_000;
/** After so many questions without an answer the connection is made anew. */
const UNANSWERED_MAX = 2;

/**
 * Makes a connection anew when its commands go unanswered, one `PING` after the other.
 *
 * A host that vanishes ends no connection, and the kernel sends on one for a quarter of an hour
 * before it gives up. Commands that time out tell their callers, but the next ones go the same way;
 * a subscriber does not even ask. `PING` has the connection's own `commandTimeout`.
 *
 * (ioredis's `socketTimeout` looks at connections that have asked something only, and its timer
 * outlives the connection that it was set for.)
 *
 * `onBeat` is told each second whether it answers.
 */
export function reconnectWhenSilent(
  redis: Pinged,
  onBeat: (isAlive: boolean) => void = () => undefined,
): Repeated {
  let unanswered = 0;
  return repeat(
    async () => {
      if (redis.status !== "ready") {
        unanswered = 0;
        onBeat(false);
        return;
      }
      unanswered = await redis.ping().then(
        () => 0,
        () => unanswered + 1,
      );
      onBeat(unanswered === 0);
      if (unanswered >= UNANSWERED_MAX && redis.status === "ready") {
        unanswered = 0;
        redis.disconnect(true);
      }
    },
    { intervalMs: EVERY_MS, onFailure: () => undefined },
  );
}
