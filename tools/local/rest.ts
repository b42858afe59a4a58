/** A call of the REST API. */
export interface RestCall {
  method?: "GET" | "POST" | "DELETE";
  body?: unknown;
  accessToken?: string;
  idempotencyKey?: string;
}

/** Calls the REST API; @throws Error, with the problem, unless it answers 2xx. */
export async function callRest<T>(url: string, call: RestCall = {}): Promise<T> {
  const response = await fetch(url, {
    method: call.method ?? (call.body === undefined ? "GET" : "POST"),
    headers: {
      ...(call.body === undefined ? {} : { "content-type": "application/json" }),
      ...(call.accessToken === undefined ? {} : { authorization: `Bearer ${call.accessToken}` }),
      ...(call.idempotencyKey === undefined ? {} : { "idempotency-key": call.idempotencyKey }),
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`${call.method ?? ""} ${url} answered ${response.status}: ${text}`);
  }
  return JSON.parse(text) as T;
}
