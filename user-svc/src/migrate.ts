import { migrateSchema } from "@tessera/service-kit/migrate-schema";
import { run } from "@tessera/service-kit/run";
import { USER_SCHEMA } from "./mysql/schema.ts";

// biome-ignore lint/style/noProcessEnv: an entry point, like main.ts.
await run(() => migrateSchema("user-svc", USER_SCHEMA, process.env));
