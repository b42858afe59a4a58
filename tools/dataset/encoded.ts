/** Texts as UTF-8, once for all rows. */
export function encodeAll(texts: readonly string[]): Buffer[] {
  return texts.map((text) => Buffer.from(text));
}

/** One of a list, by any whole number. */
export function pick(texts: readonly Buffer[], n: number): Buffer {
  const text = texts[n % texts.length];
  if (text === undefined) {
    throw new RangeError("an empty list has no elements");
  }
  return text;
}
