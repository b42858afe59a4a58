const SAFE = /^[A-Za-z0-9._-]{1,128}$/;

/** The caller's request id, when it sent one that is safe to log, to pass on and to send back. */
export function givenRequestId(
  header: string | readonly string[] | null | undefined,
): string | undefined {
  return typeof header === "string" && SAFE.test(header) ? header : undefined;
}
