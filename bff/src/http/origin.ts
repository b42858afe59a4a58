import { hash } from "node:crypto";
import type { Exchange } from "./exchange.ts";
import { addressKey } from "./rate-limit.ts";

/**
 * The metadata of a call for which addresses wait in turn: where the request came from, as a digest,
 * for user-svc need not learn addresses.
 */
export function originOf({ request }: Exchange): Record<string, string> {
  return { "x-tessera-origin": hash("sha256", addressKey(request.ip ?? ""), "base64url") };
}
