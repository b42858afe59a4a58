import { DOCUMENT } from "../../bff/test/openapi-check.ts";
import { found, type Schema } from "./schema-values.ts";

/** A parameter of an operation. */
export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
  schema: Schema;
}

/** One operation of the OpenAPI document. */
export interface Operation {
  /** Such as `POST /v1/events/{id}/queue`. */
  name: string;
  method: string;
  path: string;
  parameters: readonly Parameter[];
  /** Undefined when it takes no body. */
  body: Schema | undefined;
}

interface Described {
  $ref?: string;
  name?: string;
  in?: Parameter["in"];
  required?: boolean;
  schema?: Schema;
  content?: Readonly<Record<string, { schema: Schema }>>;
}

/** Every operation that the document has: a new one is here by itself. */
export function operations(): Operation[] {
  return Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      parameters: ((described.parameters ?? []) as Described[]).map(parameterOf),
      body: bodyOf(described.requestBody as Described | undefined),
    })),
  );
}

function parameterOf(described: Described): Parameter {
  const { name, in: place, required = false, schema = {} } = follow(described);
  if (name === undefined || place === undefined) {
    throw new Error(`not a parameter: ${JSON.stringify(described)}`);
  }
  return { name, in: place, required, schema };
}

function bodyOf(described: Described | undefined): Schema | undefined {
  return described && follow(described).content?.["application/json"]?.schema;
}

function follow(described: Described): Described {
  return described.$ref === undefined ? described : found<Described>(described.$ref);
}
