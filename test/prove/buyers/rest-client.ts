import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { TWICE } from "../world/http-forwarder.ts";

/** One request of the REST API. */
export interface Ask {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  accessToken?: string | undefined;
  /** The Idempotency-Key. */
  key?: string | undefined;
  /** The Admission-Pass. */
  pass?: string | undefined;
  /** Sent as JSON. */
  body?: object | undefined;
}

/** What came back. */
export interface Answer {
  status: number;
  /** In seconds; undefined when it was not there. */
  retryAfter: number | undefined;
  /** True when the answer says that it is an earlier one's. */
  isReplay: boolean;
  /** True when the request arrived twice: the other copy may have been told something else. */
  isOneOfTwo?: boolean;
  /** The parsed JSON; undefined when there was none. */
  body: unknown;
}

/** There was no answer, or none that could be understood: what was asked may have been done. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  /** Such as ECONNRESET or TIMEOUT. */
  readonly why: string;

  constructor(why: string, options?: ErrorOptions) {
    super(`no answer: ${why}`, options);
    this.why = why;
  }
}

/** The connections of many people: kept alive, and bounded. */
export class RestClient {
  readonly #url: string;
  readonly #agent: Agent;
  readonly #timeoutMs: number;

  /** `timeoutMs` is for the whole of a request, its wait for a connection included. */
  constructor(url: string, { sockets, timeoutMs }: { sockets: number; timeoutMs: number }) {
    this.#url = url;
    this.#agent = new Agent({ keepAlive: true, maxSockets: sockets, maxFreeSockets: sockets });
    this.#timeoutMs = timeoutMs;
  }

  /** Sends it once; rejects with {@link NoAnswer}. */
  async send(ask: Ask): Promise<Answer> {
    const body = ask.body === undefined ? undefined : JSON.stringify(ask.body);
    const signal = AbortSignal.timeout(this.#timeoutMs);
    const { method } = ask;
    const options = { method, agent: this.#agent, headers: headersOf(ask, body), signal };
    const sent = request(this.#url + ask.path, options);
    // Who reads the answer hears of what breaks while it comes.
    sent.on("error", () => undefined);
    sent.end(body);
    try {
      const response: IncomingMessage = (await once(sent, "response"))[0];
      return answerOf(response, await text(response));
    } catch (cause) {
      throw new NoAnswer(signal.aborted ? "TIMEOUT" : whyOf(cause), { cause });
    }
  }

  /** Cuts the connections. */
  close(): void {
    this.#agent.destroy();
  }
}

function headersOf({ accessToken, key, pass }: Ask, text: string | undefined) {
  return {
    ...(text === undefined
      ? {}
      : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
    ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
    ...(key === undefined ? {} : { "idempotency-key": key }),
    ...(pass === undefined ? {} : { "admission-pass": pass }),
  };
}

function answerOf({ statusCode = 0, headers }: IncomingMessage, body: string): Answer {
  const after = headers["retry-after"];
  return {
    status: statusCode,
    retryAfter: after === undefined ? undefined : Number(after),
    isReplay: headers["idempotent-replayed"] === "true",
    isOneOfTwo: headers[TWICE] === "true",
    body: body === "" ? undefined : JSON.parse(body),
  };
}

function whyOf(cause: unknown): string {
  if (cause instanceof SyntaxError) {
    return "MALFORMED";
  }
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : String(cause);
}
