import { type ListedKey, listedKeys } from "../domain/signing-key.ts";
import type { App } from "./app.ts";

/** The keys that access tokens may be verified with now, newest first; read afresh. */
export async function listSigningKeys(
  app: Pick<App, "signingKeys" | "clock" | "accessTokenSeconds">,
): Promise<ListedKey[]> {
  return listedKeys(await app.signingKeys.list(), app.clock(), app.accessTokenSeconds * 1000);
}
