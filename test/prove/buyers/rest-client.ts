import { Agent, request } from "node:http";

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
  send(ask: Ask): Promise<Answer> {
    const text = ask.body === undefined ? undefined : JSON.stringify(ask.body);
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown) => {
        clearTimeout(timer);
        reject(new NoAnswer(whyOf(cause), { cause }));
      };
      const sent = request(
        this.#url + ask.path,
        { method: ask.method, agent: this.#agent, headers: headersOf(ask, text) },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", fail);
          response.on("end", () => {
            clearTimeout(timer);
            const { "retry-after": after, "idempotent-replayed": replayed } = response.headers;
            try {
              const body = parsed(Buffer.concat(chunks).toString("utf8"));
              const retryAfter = after === undefined ? undefined : Number(after);
              const isReplay = replayed === "true";
              resolve({ status: response.statusCode ?? 0, retryAfter, isReplay, body });
            } catch (cause) {
              reject(new NoAnswer("MALFORMED", { cause }));
            }
          });
        },
      );
      const timer = setTimeout(() => sent.destroy(new NoAnswer("TIMEOUT")), this.#timeoutMs);
      sent.on("error", fail);
      sent.end(text);
    });
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

function parsed(text: string): unknown {
  return text === "" ? undefined : JSON.parse(text);
}

function whyOf(cause: unknown): string {
  if (cause instanceof NoAnswer) {
    return cause.why;
  }
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : String(cause);
}
