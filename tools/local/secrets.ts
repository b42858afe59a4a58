import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type PerSchema, perSchema } from "@tessera/testkit/schemas";

/** What a local system must keep to itself. */
export interface Secrets {
  /** 32 bytes in base64. */
  keyEncryptionKey: string;
  /** Signs admission passes. */
  passSecret: string;
  /** The passwords of the services' database accounts. */
  passwords: PerSchema;
}

/** The secrets of a data folder: made once, readable by their owner alone. */
export function rememberedSecrets(folder: string): Secrets {
  const file = join(folder, "secrets.json");
  const remembered: Partial<Secrets> = existsSync(file)
    ? JSON.parse(readFileSync(file, "utf8"))
    : {};
  // An older data folder lacks what was not needed then.
  const secrets: Secrets = {
    keyEncryptionKey: randomBytes(32).toString("base64"),
    passSecret: randomBytes(24).toString("hex"),
    passwords: perSchema(() => randomBytes(24).toString("hex")),
    ...remembered,
  };
  writeFileSync(file, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  return secrets;
}
