import { schemaTests } from "@tessera/testkit/schema-tests";
import { SCHEMA } from "../src/mysql/schema.ts";

describe("the schema of inventory-svc", () => schemaTests(SCHEMA));
