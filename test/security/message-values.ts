import {
  create,
  type DescEnum,
  type DescField,
  type DescMessage,
  type Message,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import fc from "fast-check";
import type { KnownIds } from "./known-ids.ts";
import { type Schema, valuesOf } from "./schema-values.ts";

/** What fields with these names hold, where their type does not tell. */
const BY_NAME: Readonly<Record<string, Schema>> = {
  request_id: { type: "string", pattern: "^[!-~]{1,40}$" },
  payment_reference: { type: "string", pattern: "^[!-~]{1,40}$" },
  email: { type: "string", pattern: "^[a-z0-9]{1,20}@[a-z]{1,20}$" },
  // Of a first page; others are made up where a schema is broken.
  page_token: { type: "string", maxLength: 0 },
  currency_code: { type: "string", pattern: "^[A-Z]{3}$" },
};

const INT32_MAX = 2 ** 31 - 1;
/** Seconds that no calendar has, and the borders of those that SQL has. */
const WILD_SECONDS = [0n, -1n, 253_402_300_799n, 253_402_300_800n, 2n ** 63n - 1n, -(2n ** 63n)];

/** Requests of a method as JSON: right, nearly right and hostile. */
export function jsonOf(message: DescMessage, known: KnownIds): fc.Arbitrary<unknown> {
  const schema = schemaOf(message);
  const values = (chaos: number) => valuesOf(schema, { known, chaos });
  return fc.oneof(
    { weight: 4, arbitrary: values(0) },
    { weight: 4, arbitrary: values(1) },
    { weight: 2, arbitrary: values(4) },
  );
}

/** Requests of a method as they travel in gRPC; some of them are no messages at all. */
export function bytesOf(message: DescMessage, known: KnownIds): fc.Arbitrary<Buffer> {
  const sound = jsonOf(message, known).map((json) =>
    Buffer.from(toBinary(message, messageOf(message, json))),
  );
  const broken = fc
    .tuple(sound, fc.nat(), fc.uint8Array({ maxLength: 8 }), fc.boolean())
    .map(([bytes, at, more, isCut]) => {
      const index = at % (bytes.length + 1);
      const rest = isCut ? bytes.subarray(0, 0) : bytes.subarray(index + more.length);
      return Buffer.concat([bytes.subarray(0, index), more, rest]);
    });
  return fc.oneof({ weight: 9, arbitrary: sound }, { weight: 1, arbitrary: broken });
}

/** A message as JSON Schema would describe its JSON, without what only code can say of it. */
export function schemaOf(message: DescMessage): Schema {
  if (message.typeName === "google.protobuf.Timestamp") {
    return { type: "string", format: "date-time" };
  }
  const properties = Object.fromEntries(
    message.fields.map((field) => [field.jsonName, schemaOfField(field)]),
  );
  return { type: "object", properties, required: Object.keys(properties) };
}

function schemaOfField(field: DescField): Schema {
  if (field.fieldKind === "map") {
    return { type: "object" };
  }
  const schema = schemaOfOne(field);
  return field.fieldKind === "list" ? { type: "array", items: schema } : schema;
}

function schemaOfOne({ name, message, enum: words, scalar }: DescField): Schema {
  if (message !== undefined) {
    return schemaOf(message);
  }
  if (words !== undefined) {
    return { enum: [...words.values.map((word) => word.name), 99] };
  }
  switch (scalar) {
    case ScalarType.STRING:
      return textSchema(name);
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.BYTES:
      return { type: "string", pattern: "^[A-Za-z0-9+/]{0,40}$" };
    default:
      return { type: "integer", minimum: 0, maximum: INT32_MAX };
  }
}

function textSchema(name: string): Schema {
  const isId = /^id$|_ids?$/.test(name);
  const plain = { type: "string", minLength: 1, maxLength: 100 };
  return BY_NAME[name] ?? (isId ? { ...plain, format: "uuid" } : plain);
}

/** The message that comes closest to a JSON value: what does not fit a field becomes what does. */
function messageOf(desc: DescMessage, json: unknown): Message {
  if (desc.typeName === "google.protobuf.Timestamp") {
    const ms = Date.parse(textOf(json));
    const wild = WILD_SECONDS[textOf(json).length % WILD_SECONDS.length];
    const seconds = Number.isNaN(ms) ? wild : BigInt(Math.floor(ms / 1000));
    return create(desc, { seconds, nanos: Number.isNaN(ms) ? -1 : (ms % 1000) * 1e6 });
  }
  const init: Record<string, unknown> = {};
  for (const field of desc.fields) {
    const value = Object(json)[field.jsonName];
    const isAbsent = value === undefined || value === null || field.fieldKind === "map";
    if (isAbsent) {
      continue;
    }
    const list = (Array.isArray(value) ? value : [value]).map((one) => fittingOf(field, one));
    const fitting = field.fieldKind === "list" ? list : (list[0] ?? fittingOf(field, ""));
    if (field.oneof === undefined) {
      init[field.localName] = fitting;
    } else {
      init[field.oneof.localName] = { case: field.localName, value: fitting };
    }
  }
  return create(desc, init);
}

function fittingOf({ message, enum: words, scalar }: DescField, json: unknown): unknown {
  if (message !== undefined) {
    return messageOf(message, json);
  }
  if (words !== undefined) {
    return numberOf(words, json);
  }
  const number = typeof json === "number" ? Math.trunc(json) : 0;
  switch (scalar) {
    case ScalarType.STRING:
      return textOf(json);
    case ScalarType.BOOL:
      return json === true;
    case ScalarType.BYTES:
      return Buffer.from(textOf(json));
    case ScalarType.INT64:
      return BigInt.asIntN(64, Number.isFinite(number) ? BigInt(number) : -1n);
    case ScalarType.UINT64:
      return BigInt.asUintN(64, Number.isFinite(number) ? BigInt(number) : -1n);
    default:
      // As JavaScript wraps it: of 2 ** 31 comes the most negative number.
      return number | 0;
  }
}

function numberOf({ values }: DescEnum, json: unknown): number {
  return values.find(({ name }) => name === json)?.number ?? 99;
}

/** Text that UTF-8 can carry: JSON can carry more. */
function textOf(json: unknown): string {
  return (typeof json === "string" ? json : (JSON.stringify(json) ?? "")).toWellFormed();
}
