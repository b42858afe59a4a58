import { schemaTests } from "@tessera/testkit/schema-tests";
import { SCHEMA } from "../src/mysql/schema.ts";

describe("the schema of reservation-svc", () =>
  schemaTests(SCHEMA, "UPDATE outbox_cursor SET seq = 7"));
