/** An RFC 9457 problem, as the BFF answers it. */
interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  retryable: boolean;
  requestId: string;
  errors: { field: string; detail: string }[];
  refundRequired: boolean;
  ticketTypeId: string;
  taken: number;
}

/** An answer of the BFF: what was asked for when `status` says so, a problem otherwise. */
export interface Answer<T = unknown> {
  status: number;
  headers: Headers;
  body: T & Partial<Problem>;
  /** The body as it came. */
  text: string;
}

/** A request to the BFF. */
export interface Call {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Sent as JSON; a string is sent as it is. */
  body?: unknown;
  token?: string | undefined;
  /** The Idempotency-Key. */
  key?: string | undefined;
  headers?: Readonly<Record<string, string>>;
}

/** No answer takes longer than this, in milliseconds; the BFF's own deadline is far below. */
const TIMEOUT_MS = 10_000;

/** Sends one request; rejects when there was no answer at all. */
export async function call<T = unknown>(url: string, request: Call = {}): Promise<Answer<T>> {
  const { body, token, key } = request;
  const headers = new Headers(request.headers);
  if (body !== undefined && !headers.has("content-type")) {
    headers.set("content-type", "application/json");
  }
  if (token !== undefined) {
    headers.set("authorization", `Bearer ${token}`);
  }
  if (key !== undefined) {
    headers.set("idempotency-key", key);
  }
  const response = await fetch(url, {
    method: request.method ?? (body === undefined ? "GET" : "POST"),
    headers,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? JSON.parse(text) : undefined,
    text,
  };
}
