import fc from "fast-check";
import type { KnownIds } from "./known-ids.ts";
import { resolved, type Schema, valuesOf } from "./schema-values.ts";

/** Where a text stands in a JSON value: names of properties and positions in lists. */
export type TextPlace = readonly (string | number)[];

/** Every place of a schema that takes a text; a list's first item stands for all. */
export function textPlaces(given: Schema, at: TextPlace = []): TextPlace[] {
  const { type, format, properties = {}, items, enum: words } = resolved(given);
  const isText = type === "string" || (Array.isArray(type) && type.includes("string"));
  if (isText || format !== undefined || words !== undefined) {
    return [at];
  }
  const inside = items === undefined ? [] : textPlaces(items, [...at, 0]);
  const fields = Object.entries(properties);
  return [...inside, ...fields.flatMap(([name, schema]) => textPlaces(schema, [...at, name]))];
}

/** A value of a schema with everything in it that may be there; the same one for each seed. */
export function wholeValue(given: Schema, known: KnownIds, seed = 1): unknown {
  const whole = (one: Schema): Schema => {
    const { properties, items, ...rest } = resolved(one);
    return {
      ...rest,
      ...(properties === undefined
        ? {}
        : {
            properties: Object.fromEntries(
              Object.entries(properties).map(([name, schema]) => [name, whole(schema)]),
            ),
            required: Object.keys(properties),
          }),
      ...(items === undefined ? {} : { items: whole(items), minItems: 1, maxItems: 1 }),
    };
  };
  const values = valuesOf(whole(given), { known, chaos: 0 });
  return fc.sample(values, { numRuns: 1, seed })[0];
}

/** The value with a text at a place, and all else as it was. */
export function withText(value: unknown, place: TextPlace, text: string): unknown {
  const [name, ...rest] = place;
  if (name === undefined) {
    return text;
  }
  if (typeof name === "number") {
    return (Array.isArray(value) ? value : []).map((item, index) =>
      index === name ? withText(item, rest, text) : item,
    );
  }
  return { ...Object(value), [name]: withText(Object(value)[name], rest, text) };
}

/** What stands at a place of a value; undefined when there is no such place. */
export function textAt(value: unknown, place: TextPlace): unknown {
  return place.reduce<unknown>((at, name) => Object(at)[name], value);
}

/** As a problem names it: `items[0].quantity`. */
export function placeName(place: TextPlace): string {
  return place
    .map((name, index) => (typeof name === "number" ? `[${name}]` : (index > 0 ? "." : "") + name))
    .join("");
}
