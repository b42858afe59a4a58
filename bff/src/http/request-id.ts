import { randomUUID } from "node:crypto";

const SAFE = /^[A-Za-z0-9._-]{1,128}$/;

/** The client's request id when it is safe to log and to send back, else a new one. */
export function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === "string" && SAFE.test(header) ? header : randomUUID();
}
