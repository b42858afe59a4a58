import type { Random } from "../random.ts";

/** What forwards whole requests, and so can deliver one of them twice. */
export interface Forwarder {
  /** Where it listens, on 127.0.0.1. */
  readonly port: number;
  /** The share of requests that are delivered twice from now on. */
  duplicatedShare: number;
  /** Ends everything that is under way. */
  close(): Promise<void>;
}

/** Where a forwarder sends what it gets. */
export interface ForwarderOptions {
  /** The ports on this machine that may answer now. */
  targets: () => readonly number[];
  /** Decides what is delivered twice. */
  random: Random;
}

/** The largest body that is carried, in bytes: what the services take at most. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Nobody answered; whether somebody heard is not known. */
export class LostRequest extends Error {}

/**
 * Asks once, or twice at the same time: then the first answer counts, and `forget` is told of the
 * other one.
 *
 * @throws LostRequest when there is no answer.
 */
export async function firstAnswer<T>(
  times: number,
  ask: () => Promise<T>,
  forget: (late: T) => void = () => undefined,
): Promise<T> {
  let isAnswered = false;
  const answers = Array.from({ length: times }, async () => {
    const answer = await ask();
    if (isAnswered) {
      forget(answer);
    }
    isAnswered = true;
    return answer;
  });
  try {
    return await Promise.any(answers);
  } catch (cause) {
    throw new LostRequest("there is no answer", { cause });
  }
}
