import fc from "fast-check";
import { HOSTILE_TEXTS, hostileText } from "./hostile-text.ts";
import type { KnownIds } from "./known-ids.ts";
import type { Operation, Parameter } from "./operations.ts";
import { valuesOf } from "./schema-values.ts";

/** A request as it is sent. */
export interface RestRequest {
  method: string;
  /** With its query. */
  path: string;
  headers: Readonly<Record<string, string>>;
  body: string | undefined;
}

/** Who may send requests, and what they may speak of. */
export interface World {
  known: KnownIds;
  /** Access tokens. */
  tokens: readonly string[];
}

/** Node answers 431 by itself to a longer request head; that is for another test. */
const TEXT_MAX = 4_200;

/** Requests for an operation: right ones, nearly right ones and hostile ones. */
export function requestsFor(operation: Operation, world: World): fc.Arbitrary<RestRequest> {
  const { method, parameters, body } = operation;
  const within = (place: Parameter["in"]) => parameters.filter((one) => one.in === place);
  return fc
    .record({
      path: pathOf(operation.path, within("path"), world),
      query: queryOf(within("query"), world),
      headers: headersOf(within("header"), world),
      token: tokenOf(world),
      body: body === undefined ? fc.constant(undefined) : bodyOf(body, world),
    })
    .map(({ path, query, headers, token, body: content }) => ({
      method,
      path: path + query,
      headers: {
        ...headers,
        ...(token === undefined ? {} : { authorization: token }),
        ...(content === undefined ? {} : { "content-type": content.type }),
      },
      body: content?.text,
    }));
}

function tokenOf({ tokens }: World): fc.Arbitrary<string | undefined> {
  const good = tokens.map((token) => `Bearer ${token}`);
  return fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: headerText(fc.oneof(hostileText(), fc.constantFrom("Bearer", "x y"))) },
  );
}

function pathOf(template: string, parameters: readonly Parameter[], { known }: World) {
  const parts = template.split("/").map((part, index, all) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    const schema = parameters.find((one) => one.name === name)?.schema;
    if (schema === undefined) {
      return fc.constant(part);
    }
    // `/v1/events/{id}`: what an id is of, the part before it says.
    const noun = name === "id" ? (all[index - 1] ?? "") : (name ?? "");
    const valid = valuesOf(schema, { known, chaos: 0 }, noun).map(plainText);
    return (
      fc
        .oneof({ weight: 9, arbitrary: valid }, { weight: 1, arbitrary: hostileText() })
        // A path of dots is another path before it is sent.
        .map((text) => (/^\.*$/.test(text) ? "~" : escaped(text)))
    );
  });
  return fc.tuple(...parts).map((all) => all.join("/"));
}

function queryOf(parameters: readonly Parameter[], { known }: World): fc.Arbitrary<string> {
  if (parameters.length === 0) {
    return fc.constant("");
  }
  const pairs = parameters.map(({ name, schema }) =>
    valuesOf(schema, { known, chaos: 2 }, name).map(
      (value) => `${name}=${escaped(plainText(value))}`,
    ),
  );
  const odd = fc.tuple(hostileText(), hostileText()).map((all) => all.map(escaped).join("="));
  return fc
    .subarray([...pairs, ...pairs.slice(0, 1)])
    .chain((chosen) => fc.tuple(...chosen))
    .chain((chosen) =>
      fc.oneof(
        { weight: 9, arbitrary: fc.constant(chosen) },
        { weight: 1, arbitrary: odd.map((one) => [...chosen, one]) },
      ),
    )
    .map((all) => (all.length === 0 ? "" : `?${all.join("&")}`));
}

function headersOf(parameters: readonly Parameter[], { known }: World) {
  const fields = parameters.map(({ name, schema }) => {
    const value = headerText(valuesOf(schema, { known, chaos: 1 }, name).map(plainText));
    return [name.toLowerCase(), value] as const;
  });
  const required = parameters.filter((one) => one.required);
  const rarely = (value: fc.Arbitrary<string>) =>
    fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
  return fc
    .tuple(
      fc.record(Object.fromEntries(fields), {
        requiredKeys: required.map(({ name }) => name.toLowerCase()),
      }),
      rarely(fc.constantFrom("text/event-stream", "application/json", "a/b;q=2", "*")),
      rarely(headerText(hostileText())),
    )
    .map(([headers, accept, traceparent]) => ({
      ...headers,
      ...(accept === undefined ? {} : { accept }),
      ...(traceparent === undefined ? {} : { traceparent }),
    }));
}

/** What a header can carry at all: raw bytes are for another test. */
function headerText(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return texts.map((text) => text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, "?").slice(0, TEXT_MAX));
}

/** A body of the schema, more or less; sometimes no JSON at all, or JSON by another name. */
function bodyOf(schema: Parameters<typeof valuesOf>[0], { known }: World) {
  const values = (chaos: number) =>
    valuesOf(schema, { known, chaos }).map((value) => JSON.stringify(value) ?? "");
  const broken = fc
    .tuple(values(0), fc.nat(), fc.constantFrom("", "}", ",", "\u0000", '"', "\ud800"))
    .map(([text, at, more]) => text.slice(0, at % (text.length + 1)) + more);
  // The last of two values of one key wins; what is nobody's property is refused.
  const more = fc
    .tuple(values(0), fc.constantFrom(...HOSTILE_TEXTS), fc.jsonValue())
    .map(([text, key, value]) => {
      const property = `${JSON.stringify(key)}:${JSON.stringify(value)}`;
      return text.replace(/^\{/, text === "{}" ? `{${property}` : `{${property},`);
    });
  const types = ["text/plain", "application/json; charset=utf-16", "application/json;;;", "*/*"];
  return fc.record({
    text: fc.oneof(
      { weight: 5, arbitrary: values(0) },
      { weight: 8, arbitrary: values(1) },
      { weight: 3, arbitrary: values(4) },
      { weight: 1, arbitrary: broken },
      { weight: 1, arbitrary: more },
    ),
    type: fc.oneof(
      { weight: 19, arbitrary: fc.constant("application/json") },
      { weight: 1, arbitrary: fc.constantFrom(...types) },
    ),
  });
}

/** A text as it is, anything else as JSON. */
function plainText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function escaped(text: string): string {
  return encodeURIComponent(text.toWellFormed().slice(0, TEXT_MAX)).slice(0, TEXT_MAX);
}
