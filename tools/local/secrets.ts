import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type PerSchema, perSchema } from "@tessera/testkit/schemas";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { LOCAL_FOLDER } from "./running-system.ts";

/** What a local system must keep to itself. */
export interface Secrets {
  /** 32 bytes in base64. */
  keyEncryptionKey: string;
  /** Signs admission passes. */
  passSecret: string;
  /** The passwords of the services' database accounts. */
  passwords: PerSchema;
}

/**
 * The secrets of a data folder: made once, readable by their owner alone. They are to be there before
 * the folder's own stores are; `mysqlUrl` names another server that is used instead.
 *
 * @throws OperatorError when they are lost or damaged: nothing else can read what they sealed.
 */
export function rememberedSecrets(
  folder: string,
  { mysqlUrl }: { mysqlUrl?: string | undefined } = {},
): Secrets {
  const file = join(folder, "secrets.json");
  const isThere = existsSync(file);
  if (!isThere && !mysqlUrl && existsSync(join(folder, "stores"))) {
    throw new OperatorError(`${file} is missing, ${consequence(folder)}`);
  }
  const remembered = isThere ? readSecrets(file) : {};
  // An older data folder lacks what was not needed then.
  const secrets: Secrets = {
    keyEncryptionKey: randomBytes(32).toString("base64"),
    passSecret: randomBytes(24).toString("hex"),
    passwords: perSchema(() => randomBytes(24).toString("hex")),
    ...remembered,
  };
  // Under its name only when it is whole: a full disk must not cost what is remembered.
  writeFileSync(`${file}.new`, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return secrets;
}

function readSecrets(file: string): Partial<Secrets> {
  try {
    const remembered: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (remembered instanceof Object) {
      return remembered;
    }
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) {
      throw cause;
    }
  }
  throw new OperatorError(`${file} is damaged, ${consequence(dirname(file))}`);
}

function consequence(folder: string): string {
  const again = folder === LOCAL_FOLDER ? 'run "npm start -- --fresh"' : `remove ${folder}`;
  return `and the data beside it cannot be read without it. To begin again without: ${again}.`;
}
