import { CreateTables1760000000000 } from "./migrations/1760000000000-create-tables.ts";
import { RefreshTokenTable, SessionTable } from "./session-tables.ts";
import { SigningKeyTable } from "./signing-key-table.ts";
import { UserTable } from "./user-table.ts";

/** The tables of the schema `user`, and how they came to be. */
export const USER_SCHEMA = {
  entities: [UserTable, SessionTable, RefreshTokenTable, SigningKeyTable],
  migrations: [CreateTables1760000000000],
};
