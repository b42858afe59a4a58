import { setTimeout } from "node:timers/promises";
import { Redis } from "ioredis";
import { type Move, moveOf } from "./evidence.ts";

/** Where reservation-svc tells of moves. */
const STREAM = "tessera:reservations";
/** How long one look waits for something new, in milliseconds, and how long for its answer. */
const BLOCK_MS = 500;
const ANSWER_MS = 3_000;
/** How many entries one look takes. */
const COUNT = 1_000;
/** How long to wait after a failure, in milliseconds. */
const PAUSE_MS = 200;
/** The moves of so many events are remembered, the newest ones. */
const EVENTS = 24;

/** Where to read. */
export interface StreamReaderOptions {
  /** Redis; it need not be there all the time. */
  url: string;
  /** The stream's key; defaults to the product's. */
  stream?: string;
}

/**
 * Reads the event stream from its beginning, as a team does that consumes it: keeps a position of
 * its own, reads on from there after every failure, and takes entries as often as they come.
 */
export class StreamReader {
  readonly #redis: Redis;
  readonly #stream: string;
  readonly #moves = new Map<string, Move[]>();
  readonly #running: Promise<void>;
  #position = "0-0";
  #lastSeq = 0;
  #interruptions = 0;
  #isStopped = false;

  constructor({ url, stream = STREAM }: StreamReaderOptions) {
    this.#stream = stream;
    this.#redis = new Redis(url, {
      commandTimeout: BLOCK_MS + ANSWER_MS,
      connectTimeout: 1_000,
      enableOfflineQueue: false,
      enableReadyCheck: false,
      disableClientInfo: true,
      maxRetriesPerRequest: 0,
      retryStrategy: () => PAUSE_MS,
    });
    // Every look fails by itself as well.
    this.#redis.on("error", () => undefined);
    this.#running = this.#run();
  }

  /** The highest number of a move that was seen, of any event. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** How often reading failed, and was begun again. */
  get interruptions(): number {
    return this.#interruptions;
  }

  /** The moves of these events, in the order in which they were told, repeats included. */
  entriesOf(eventIds: readonly string[]): Move[] {
    return eventIds.flatMap((id) => this.#moves.get(id) ?? []);
  }

  /** Reads no more; resolves when the connection is closed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#redis.disconnect();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#look();
      } catch {
        this.#interruptions += 1;
        // Away, or too slow: an answer that comes late belongs to nobody. The position stays.
        if (this.#redis.status === "ready" && !this.#isStopped) {
          this.#redis.disconnect(true);
        }
        await setTimeout(PAUSE_MS);
      }
    }
  }

  async #look(): Promise<void> {
    const found = await this.#redis.xread(
      ...["COUNT" as const, COUNT, "BLOCK" as const, BLOCK_MS],
      ...["STREAMS" as const, this.#stream, this.#position],
    );
    for (const [position, fields] of found?.[0]?.[1] ?? []) {
      this.#take(fields);
      this.#position = position;
    }
  }

  #take(fields: readonly string[]): void {
    const fieldOf = (name: string) => fields[fields.indexOf(name) + 1] ?? "";
    const move = moveOf(Number(fieldOf("seq")), fieldOf("payload"));
    this.#lastSeq = Math.max(this.#lastSeq, move.seq);
    const known = this.#moves.get(move.eventId);
    if (known !== undefined) {
      known.push(move);
      return;
    }
    this.#moves.set(move.eventId, [move]);
    for (const oldest of this.#moves.keys()) {
      if (this.#moves.size <= EVENTS) {
        break;
      }
      this.#moves.delete(oldest);
    }
  }
}
