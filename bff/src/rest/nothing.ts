import { ObjectReader } from "../http/object-reader.ts";

/** Some operations take nothing: an empty object, or no body at all. */
export function parseNothing(body: unknown): void {
  if (body !== undefined) {
    ObjectReader.ofBody(body, []).finish();
  }
}
