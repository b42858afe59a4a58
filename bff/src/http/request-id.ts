const SAFE = /^[A-Za-z0-9._-]{1,128}$/;

/** The client's request id, when it sent one that is safe to log and to send back. */
export function givenRequestId(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" && SAFE.test(header) ? header : undefined;
}
