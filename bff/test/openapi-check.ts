import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { expect } from "chai";
import { parse } from "yaml";

interface Header {
  $ref?: string;
  required?: boolean;
  schema?: object;
}
interface Answer {
  $ref?: string;
  headers?: Record<string, Header>;
  content?: Record<string, { schema: object }>;
}
interface Operation {
  operationId: string;
  responses: Record<string, Answer>;
  [rest: string]: unknown;
}

/** The document, as it is published. */
export const DOCUMENT: {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, object>>;
} = parse(readFileSync(new URL("../openapi.yaml", import.meta.url), "utf8"));

const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema({ $id: "doc:", ...DOCUMENT }, "doc:");
const validators = new Map<string, ValidateFunction>();

/** Which documented answers were seen, as `GET /v1/events 200`. */
const seen = new Set<string>();

/** The operation that an address belongs to, or undefined when none is documented. */
function operationAt(method: string, path: string): [string, Operation] | undefined {
  const templates = Object.entries(DOCUMENT.paths)
    .filter(([template]) => {
      const pattern = template.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+");
      return new RegExp(`^${pattern}$`).test(path);
    })
    // `/v1/users/me` before `/v1/users/{id}`.
    .sort(([one], [other]) => one.split("{").length - other.split("{").length);
  const [template, operations] = templates[0] ?? [];
  const operation = operations?.[method.toLowerCase()];
  return template === undefined || operation === undefined ? undefined : [template, operation];
}

/** Fails unless the document says that this answer is possible here, headers and body included. */
export function checkAnswer(
  request: { method: string; path: string },
  response: Response,
  body: unknown,
): void {
  const method = request.method === "HEAD" ? "GET" : request.method;
  const found = operationAt(method, request.path.split("?", 1)[0] ?? "");
  if (found === undefined) {
    expect(response.status, "an address that is not documented").to.be.oneOf([204, 400, 404, 405]);
    return;
  }
  const [template, operation] = found;
  const name = `${method} ${template} ${response.status}`;
  const documented = operation.responses[String(response.status)];
  expect(documented, `${name} is documented`).not.equal(undefined);
  seen.add(name);
  const answer = resolve<Answer>(documented ?? {});
  for (const [header, described] of Object.entries(answer.headers ?? {})) {
    const { required = false, schema = {} } = resolve<Header>(described);
    const value = response.headers.get(header);
    if (value !== null || (required && header !== "Idempotent-Replayed")) {
      expect(value, `${name} ${header}`).not.equal(null);
      const isNumber = "type" in schema && schema.type === "integer";
      check(`${name} ${header}`, schema, isNumber ? Number(value) : value);
    }
  }
  const type = response.headers.get("content-type")?.split(";", 1)[0] ?? "";
  if (answer.content === undefined) {
    expect(body, `${name} has no body`).to.be.oneOf([undefined, ""]);
  } else if (request.method !== "HEAD") {
    expect(Object.keys(answer.content), `${name} content type`).to.include(type);
    check(`${name} body`, answer.content[type]?.schema ?? {}, body);
  }
}

function check(name: string, schema: object, value: unknown): void {
  const key = `${name} ${JSON.stringify(schema)}`;
  const validate = validators.get(key) ?? ajv.compile(absolute(schema));
  validators.set(key, validate);
  expect(
    validate(value),
    `${name}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`,
  ).to.equal(true);
}

/** References within the document, from outside of it. */
function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"doc:#/'));
}

function resolve<T extends { $ref?: string }>(value: T): T {
  if (value.$ref === undefined) {
    return value;
  }
  let found: unknown = DOCUMENT;
  for (const name of value.$ref.slice(2).split("/")) {
    found = (found as Record<string, unknown>)[name];
  }
  return found as T;
}
