import { randomInt } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { REASONS } from "@tessera/proto/reasons";
import { Place_State } from "@tessera/proto/reservation/v1/waiting_room_pb";
import type {
  PollPlaceResult,
  WaitingRoomEntry,
} from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import { overloaded, ServiceError } from "@tessera/service-kit/service-error";
import { Gauge, type Registry } from "prom-client";
import type { Asker, Combiner } from "./combiner.ts";
import type { Config } from "./config.ts";
import { EventStream } from "./http/event-stream.ts";
import type { Exchange } from "./http/exchange.ts";
import { failureFor, noteFailure, problemOf } from "./http/problem.ts";
import { placeOf, restPlace } from "./rest/waiting-room.ts";

/** A place is asked for at least as often, which keeps proxies from closing the connection. */
const MAX_POLL_MS = 15_000;
/** And never more often. */
const MIN_POLL_MS = 100;
/** A person has a few tabs and devices; nobody needs more. What phones left behind counts as well. */
const MAX_STREAMS_OF_USER = 4;

/** How places are followed. */
export interface PlaceStreamsOptions {
  poll: Pick<Combiner<WaitingRoomEntry, PollPlaceResult>, "submit">;
  settings: Pick<Config, "queueStreams" | "queueStreamSeconds">;
  registry: Registry;
  /** A reader that takes nothing for so long is cut off. Defaults to 30 s. */
  stallMs?: number;
  /**
   * Clients connect again, and failed polls are repeated, after so long and up to twice as long:
   * not all at once. Defaults to 2 s.
   */
  retryMs?: number;
}

/** What a stream says next. */
interface News {
  event: "place" | "problem";
  data: object;
  /** The same text, the same news. */
  gist: string;
  /** When to look again, in milliseconds; null when this was the last of it. */
  waitMs: number | null;
}

/** Polls on behalf of people who would rather listen, and tells them what has changed. */
export class PlaceStreams {
  readonly #poll: PlaceStreamsOptions["poll"];
  readonly #settings: PlaceStreamsOptions["settings"];
  readonly #stallMs: number;
  readonly #retryMs: number;
  readonly #open = new Set<AbortController>();
  /** The oldest first. */
  readonly #ofUser = new Map<string, Set<AbortController>>();
  #isClosed = false;

  constructor({
    poll,
    settings,
    registry,
    stallMs = 30_000,
    retryMs = 2_000,
  }: PlaceStreamsOptions) {
    this.#poll = poll;
    this.#settings = settings;
    this.#stallMs = stallMs;
    this.#retryMs = retryMs;
    const open = this.#open;
    new Gauge({
      name: "tessera_place_streams",
      help: "Places that are followed by server-sent events.",
      registers: [registry],
      collect() {
        this.set(open.size);
      },
    });
  }

  /**
   * Answers with the place, and with what becomes of it; resolves when the stream has ended.
   *
   * Throws what the first poll throws, and OVERLOADED. Of one who has too many the oldest ends when
   * the newest goes on.
   */
  async follow(exchange: Exchange, entry: WaitingRoomEntry): Promise<void> {
    if (this.#open.size >= this.#settings.queueStreams) {
      throw overloaded("the list of streams");
    }
    const controller = new AbortController();
    const end = () => controller.abort();
    // Whoever signed out, or was signed out, is not told for longer than their token is good.
    const leftMs = exchange.caller.expireMs - Date.now();
    const life = setTimeout(end, Math.min(this.#settings.queueStreamSeconds * 1000, leftMs));
    exchange.response.once("close", end);
    this.#open.add(controller);
    if (this.#isClosed) {
      end();
    }
    try {
      await this.#tell(exchange, entry, controller);
    } finally {
      this.#open.delete(controller);
      this.#remove(entry.userId, controller);
      clearTimeout(life);
    }
  }

  /** Ends all streams; those that begin later tell the place once. For a process that stops. */
  close(): void {
    this.#isClosed = true;
    for (const controller of this.#open) {
      controller.abort();
    }
  }

  /** The newest is sure to have somebody at its other end. */
  #add(userId: string, stream: AbortController): void {
    const streams = this.#ofUser.get(userId) ?? new Set();
    const [oldest] = streams;
    if (oldest !== undefined && streams.size === MAX_STREAMS_OF_USER) {
      streams.delete(oldest);
      const why = `more than ${MAX_STREAMS_OF_USER} streams of one user: the newest go on`;
      oldest.abort(new ServiceError("STREAM_REPLACED", why));
    }
    this.#ofUser.set(userId, streams.add(stream));
  }

  #remove(userId: string, stream: AbortController): void {
    const streams = this.#ofUser.get(userId);
    streams?.delete(stream);
    if (streams?.size === 0) {
      this.#ofUser.delete(userId);
    }
  }

  async #tell(
    exchange: Exchange,
    entry: WaitingRoomEntry,
    controller: AbortController,
  ): Promise<void> {
    const { signal } = controller;
    let news = placeNews(await this.#poll.submit(exchange, entry));
    if (exchange.isGone) {
      return;
    }
    // One that was refused, or that has but one thing to tell, ends no other.
    if (news.waitMs !== null) {
      this.#add(entry.userId, controller);
    }
    if (this.#isClosed) {
      exchange.headers.push("Connection", "close");
    }
    const stream = new EventStream(exchange, {
      retryMs: this.#someRetryMs(),
      stallMs: this.#stallMs,
      signal,
    });
    await stream.send(news.event, news.data);
    while (news.waitMs !== null && (await hasPassed(news.waitMs, signal))) {
      const next = await this.#poll
        .submit(askerFor(exchange), entry)
        .then(placeNews, (thrown) => problemNews(exchange, thrown, this.#someRetryMs()));
      await (next.gist === news.gist ? stream.heartbeat() : stream.send(next.event, next.data));
      news = next;
    }
    if (news.waitMs !== null && signal.reason instanceof ServiceError) {
      const { event, data } = problemNews(exchange, signal.reason, 0);
      await stream.send(event, data);
    }
    stream.end();
  }

  #someRetryMs(): number {
    return randomInt(this.#retryMs, 2 * this.#retryMs);
  }
}

function placeNews(result: PollPlaceResult): News {
  const place = placeOf(result);
  const data = restPlace(place);
  const { pollAfterMs, serverTime: _now, ...gist } = data;
  const isOver = place.state !== Place_State.WAITING || pollAfterMs === null;
  return {
    event: "place",
    data,
    // When to poll is the BFF's business here, and both times are others with each poll.
    gist: JSON.stringify(gist),
    waitMs: isOver ? null : Math.max(MIN_POLL_MS, Math.min(pollAfterMs, MAX_POLL_MS)),
  };
}

/** What may pass is told and waited for; anything else is the last that is told. */
function problemNews(exchange: Exchange, thrown: unknown, retryMs: number): News {
  const failure = failureFor(exchange, thrown);
  const isOver = !REASONS[failure.reason].retryable;
  if (isOver) {
    noteFailure(exchange, thrown);
  }
  return {
    event: "problem",
    data: problemOf(failure, exchange.requestId),
    gist: failure.reason,
    waitMs: isOver ? null : retryMs,
  };
}

/** Who asks for an exchange again and again: no single call is the exchange's. */
function askerFor(exchange: Exchange): Asker {
  return {
    get isGone() {
      return exchange.isGone;
    },
    call: undefined,
  };
}

/** Resolves to true after so long; to false, at once, when `signal` is aborted. */
function hasPassed(ms: number, signal: AbortSignal): Promise<boolean> {
  return pause(ms, true, { signal }).catch(() => false);
}
