import { ObjectReader } from "../http/object-reader.ts";

/**
 * Some operations take nothing: an empty object, or no body at all. Code generators' clients write
 * null for a body that is left out.
 */
export function parseNothing(body: unknown): void {
  if (body !== undefined && body !== null) {
    ObjectReader.ofBody(body, []).finish();
  }
}
