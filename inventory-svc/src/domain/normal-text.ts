/**
 * A text as names are stored: in NFC. Undefined when it has more than `maxLength` characters.
 *
 * Normalizing takes quadratic time where marks that combine follow each other, so what is too long
 * anyway is not begun: taken apart, a character is four at most, each of two UTF-16 units at most.
 */
export function normalText(text: string, maxLength: number): string | undefined {
  if (text.length > 8 * maxLength) {
    return undefined;
  }
  const normal = text.normalize("NFC");
  // SQL counts code points, JavaScript's `length` does not.
  return [...normal].length > maxLength ? undefined : normal;
}
