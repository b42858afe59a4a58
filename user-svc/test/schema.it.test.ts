import { schemaTests } from "@tessera/testkit/schema-tests";
import { USER_SCHEMA } from "../src/mysql/schema.ts";

describe("the schema of user-svc", () => schemaTests(USER_SCHEMA));
