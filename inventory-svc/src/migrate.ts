import { migrateSchema } from "@tessera/service-kit/migrate-schema";
import { run } from "@tessera/service-kit/run";
import { SCHEMA } from "./mysql/schema.ts";

// biome-ignore lint/style/noProcessEnv: an entry point, like main.ts.
await run(() => migrateSchema("inventory-svc", SCHEMA, process.env));
