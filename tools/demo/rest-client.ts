import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

/** What came back. */
export interface Answer {
  status: number;
  /** The parsed JSON; undefined when there was none. */
  body: { [name: string]: unknown } | undefined;
  /** What Retry-After said, in milliseconds; undefined when it was not there. */
  retryAfterMs: number | undefined;
  /** From when the request had a connection, in milliseconds. */
  millis: number;
}

/** A POST of the REST API on behalf of one buyer. */
export interface BuyerPost {
  path: string;
  accessToken: string;
  idempotencyKey: string;
  body: unknown;
}

/** How long one answer may take, in milliseconds. */
const TIMEOUT_MS = 30_000;

/** A crowd's connections: kept alive, and bounded, as a load balancer's would be. */
export class RestClient {
  readonly #origin: string;
  readonly #crowd: Agent;
  readonly #urgent: Agent;

  constructor(origin: string, { connections }: { connections: number }) {
    this.#origin = origin;
    const options = { keepAlive: true, maxSockets: connections, scheduling: "fifo" } as const;
    this.#crowd = new Agent(options);
    this.#urgent = new Agent(options);
  }

  /**
   * Sends a request; rejects when the connection breaks or nothing comes in time. What is urgent does
   * not wait here for a connection until the crowd has had its turn.
   */
  async post(
    { path, accessToken, idempotencyKey, body }: BuyerPost,
    { isUrgent = false } = {},
  ): Promise<Answer> {
    const sent = request(`${this.#origin}${path}`, {
      method: "POST",
      agent: isUrgent ? this.#urgent : this.#crowd,
      timeout: TIMEOUT_MS,
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${accessToken}`,
        "idempotency-key": idempotencyKey,
      },
    });
    let startTime = performance.now();
    sent.on("socket", () => {
      startTime = performance.now();
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer in time")));
    // Who reads the answer hears of what breaks while it comes.
    sent.on("error", () => undefined);
    sent.end(JSON.stringify(body));
    const response: IncomingMessage = (await once(sent, "response"))[0];
    const told = await text(response);
    const seconds = Number(response.headers["retry-after"] ?? Number.NaN);
    return {
      status: response.statusCode ?? 0,
      body: parsed(told),
      retryAfterMs: Number.isNaN(seconds) ? undefined : seconds * 1000,
      millis: performance.now() - startTime,
    };
  }

  /** Closes the connections. */
  close(): void {
    this.#crowd.destroy();
    this.#urgent.destroy();
  }
}

function parsed(text: string): Answer["body"] {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
