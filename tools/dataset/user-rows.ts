import { encodeAll, pick } from "./encoded.ts";
import type { LoadTable } from "./load-table.ts";
import { KINDS, mix, writeUuid } from "./mix.ts";
import { DAY_MS, type DatasetSpec } from "./plan.ts";
import type { RowWriter } from "./row-writer.ts";
import { FIRST_NAMES, LAST_NAMES } from "./words.ts";

/** The password of every account in a data set: everybody may read it here. */
export const DATASET_PASSWORD = "tessera-dataset";

/**
 * Its argon2id hash at the default cost, made once: a million of them would take hours. At
 * another cost the user service makes a new one when somebody signs in.
 */
const PASSWORD_HASH = Buffer.from(
  "$argon2id$v=19$m=19456,t=2,p=1$69dFTi1P2eKIm/1TCGfAvg$rPF3VyqP5xWI3XK0APfrF7rz6tsvQqKgnLJwQp5uly0",
);
const CUSTOMER = Buffer.from("customer");
const ORGANISER = Buffer.from("organiser");

/** The address of the user number `n`. */
export function emailOf(n: number): string {
  // Of one length, so that they are loaded in the order of their index.
  return `user-${String(n).padStart(9, "0")}@dataset.tessera.test`;
}

/** How many of the users, the last ones, are organisers. */
export function organisers(users: number): number {
  return Math.ceil(users / 1_000);
}

/** The accounts, of which the first buy most. */
export function userTable(spec: DatasetSpec): LoadTable {
  return {
    schema: "user",
    table: "user",
    columns: [...["id", "email", "name", "role", "password_hash", "request_key", "create_time"]],
    derived: { email_key: "email" },
    steps: spec.users,
    stepsAtOnce: 20_000,
    isNumbered: false,
    rowsOf: () => userRows(spec),
  };
}

function userRows(spec: DatasetSpec) {
  const { seed, users, dateMs } = spec;
  const names = encodeAll(
    FIRST_NAMES.flatMap((name) => LAST_NAMES.map((last) => `${name} ${last}`)),
  );
  const id = Buffer.alloc(16);
  const requestKey = Buffer.alloc(32);
  const firstOrganiser = users - organisers(users);
  return (n: number, out: RowWriter) => {
    const bits = mix(seed + 31, n);
    writeUuid(id, seed, KINDS.user, n);
    requestKey.set(id);
    writeUuid(requestKey.subarray(16), seed, KINDS.other, n);
    const email = Buffer.from(emailOf(n));
    out.bytes(id);
    out.text(email);
    out.text(pick(names, bits));
    out.text(n >= firstOrganiser ? ORGANISER : CUSTOMER);
    out.text(PASSWORD_HASH);
    out.bytes(requestKey);
    out.time(Math.floor(dateMs - 4 * 365 * DAY_MS * (1 - n / users)));
    out.endRow();
  };
}
