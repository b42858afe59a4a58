import fc from "fast-check";
import { DOCUMENT } from "../../bff/test/openapi-check.ts";
import { hostileText } from "./hostile-text.ts";
import { idFor, type KnownIds } from "./known-ids.ts";

/** The part of JSON Schema that the OpenAPI document uses to describe requests. */
export interface Schema {
  $ref?: string;
  allOf?: readonly Schema[];
  type?: string | readonly string[];
  format?: string;
  const?: unknown;
  enum?: readonly unknown[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
}

/** What values are made of. */
export interface ValueOptions {
  /** Ids to put where ids belong. */
  known: KnownIds;
  /** How many of ten nodes break the schema; 0 gives valid values only. */
  chaos: number;
}

/** Whether two lists of one key must differ, and the like, no schema says: some are refused. */
export function valuesOf(given: Schema, options: ValueOptions, name = ""): fc.Arbitrary<unknown> {
  const schema = resolved(given);
  const valid = validOf(schema, options, name);
  if (options.chaos === 0) {
    return valid;
  }
  return fc.oneof(
    { weight: 10 - options.chaos, arbitrary: valid },
    { weight: options.chaos, arbitrary: brokenOf(schema) },
  );
}

/** A schema with its references followed and its `allOf` merged. */
export function resolved(schema: Schema): Schema {
  if (schema.$ref !== undefined) {
    const { $ref, ...more } = schema;
    return merge(resolved(found($ref)), more);
  }
  const { allOf = [], ...own } = schema;
  return allOf.map(resolved).reduceRight((all, one) => merge(one, all), own);
}

/** What a reference within the document stands for. */
export function found<T = Schema>(reference: string): T {
  const names = reference.slice(2).split("/");
  const node = names.reduce<unknown>((at, name) => Object(at)[name], DOCUMENT);
  return node as T;
}

function merge(base: Schema, more: Schema): Schema {
  const properties = { ...base.properties };
  for (const [name, property] of Object.entries(more.properties ?? {})) {
    properties[name] = merge(resolved(properties[name] ?? {}), property);
  }
  const required = [...(base.required ?? []), ...(more.required ?? [])];
  return { ...base, ...more, properties, required };
}

function validOf(schema: Schema, options: ValueOptions, name: string): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) {
    return fc.constant(schema.const);
  }
  if (schema.enum !== undefined) {
    return fc.constantFrom(...schema.enum);
  }
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? ["any"]);
  return fc.oneof(...types.map((type) => validOfType(type, schema, options, name)));
}

function validOfType(
  type: string,
  schema: Schema,
  options: ValueOptions,
  name: string,
): fc.Arbitrary<unknown> {
  switch (type) {
    case "object":
      return objectOf(schema, options);
    case "array":
      return fc.array(valuesOf(schema.items ?? {}, options, name), {
        minLength: schema.minItems ?? 0,
        // Now and then as many as may be; mostly few, or nothing else would be tried.
        maxLength: Math.min(schema.maxItems ?? 3, 3),
      });
    case "string":
      return textOf(schema, options, name);
    case "integer":
    case "number":
      return integerOf(schema);
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    default:
      return fc.jsonValue();
  }
}

function objectOf({ properties = {}, required = [] }: Schema, options: ValueOptions) {
  const fields = Object.entries(properties).map(
    ([name, schema]) => [name, valuesOf(schema, options, name)] as const,
  );
  return fc.record(Object.fromEntries(fields), {
    requiredKeys: [...required],
    noNullPrototype: true,
  });
}

/** Small numbers first: more than a person may buy, most requests would be refused at once. */
function integerOf({ minimum = -1_000, maximum = Number.MAX_SAFE_INTEGER }: Schema) {
  return fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: minimum, max: Math.min(maximum, minimum + 3) }) },
    { weight: 1, arbitrary: fc.integer({ min: minimum, max: maximum }) },
    { weight: 1, arbitrary: fc.constantFrom(minimum, maximum) },
  );
}

function textOf(schema: Schema, { known }: ValueOptions, name: string): fc.Arbitrary<string> {
  const { format, pattern, minLength = 0, maxLength = 50 } = schema;
  if (format === "uuid") {
    return idFor(name, known);
  }
  if (format === "date-time") {
    return timeText();
  }
  const length = { minLength, maxLength: Math.min(maxLength, minLength + 50) };
  const regexp = pattern === undefined ? undefined : new RegExp(pattern, "u");
  const hasLook = pattern?.includes("(?") === true;
  if (regexp !== undefined && !hasLook) {
    const fits = (text: string) => [...text].length >= minLength && [...text].length <= maxLength;
    return fc.stringMatching(regexp).filter(fits);
  }
  const exact = fc.constantFrom(minLength, maxLength).map((count) => "x".repeat(count));
  const readable = fc.string({ unit: "grapheme-ascii", ...length });
  const any = fc.string({ unit: "grapheme-composite", ...length });
  const texts = fc.oneof({ weight: 4, arbitrary: readable }, any, exact);
  // What looks ahead cannot be made up: nearly all that is made of letters matches by itself.
  return regexp === undefined ? texts : texts.filter((text) => regexp.test(text));
}

/** Around now, so that some sales are open; in UTC, as the document wants it. */
function timeText(): fc.Arbitrary<string> {
  const dayMs = 864e5;
  return fc
    .integer({ min: Date.now() - 2 * dayMs, max: Date.now() + 30 * dayMs })
    .map((ms) => new Date(ms).toISOString());
}

/** What a schema forbids, or nearly: beyond its bounds, of another type, hostile, anything. */
function brokenOf(schema: Schema): fc.Arbitrary<unknown> {
  const { minLength = 0, maxLength, minimum, maximum, maxItems } = schema;
  const near: unknown[] = [null, "", 0, -1, 1.5, true, [], {}, [[]], "1", 2 ** 53, 1e300];
  if (maxLength !== undefined) {
    near.push("x".repeat(maxLength + 1), "x".repeat(Math.max(0, minLength - 1)));
    near.push("\u{1f3ab}".repeat(Math.min(maxLength, 5_000)));
  }
  if (minimum !== undefined) {
    near.push(minimum - 1);
  }
  if (maximum !== undefined) {
    near.push(maximum + 1, String(maximum));
  }
  if (maxItems !== undefined) {
    near.push(Array.from({ length: maxItems + 1 }, () => null));
  }
  const times = ["2030-02-30T00:00:00Z", "9999-12-31T23:59:59.999Z", "+275760-09-13T00:00:00Z"];
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...near, ...times) },
    { weight: 2, arbitrary: hostileText() },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
    {
      weight: 1,
      arbitrary: fc.dictionary(hostileText(), fc.jsonValue({ maxDepth: 1 }), {
        noNullPrototype: true,
      }),
    },
  );
}
