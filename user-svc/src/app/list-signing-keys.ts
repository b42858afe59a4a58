import { type ListedKey, listedKeys } from "../domain/signing-key.ts";
import type { App } from "./app.ts";

/** The keys that access tokens may be verified with now, newest first; read afresh, never none. */
export async function listSigningKeys(
  app: Pick<App, "keyRing" | "signingKeys" | "clock" | "accessTokenSeconds">,
): Promise<ListedKey[]> {
  // Makes the very first key: who listed none would refuse the tokens that it signs a moment later.
  await app.keyRing.signer();
  return listedKeys(await app.signingKeys.list(), app.clock(), app.accessTokenSeconds * 1000);
}
