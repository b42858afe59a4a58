import { ServiceError } from "./service-error.ts";

/**
 * Seals where a page ended into an opaque token.
 *
 * `scope` names the list and everything else that must stay the same between pages; a token is
 * good for its own scope only. Tokens hold positions, not secrets, and are not signed.
 */
export function sealPageToken(scope: string, position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify([scope, ...position])).toString("base64url");
}

/**
 * Opens a token that `sealPageToken` made for the same scope with a position of the same shape.
 * An empty token is the first page: undefined. Throws INVALID_PAGE_TOKEN.
 */
export function openPageToken<T extends readonly (string | number)[]>(
  scope: string,
  token: string,
  example: T,
): T | undefined {
  if (token === "") {
    return undefined;
  }
  const position = decode(token);
  const fits =
    position?.[0] === scope &&
    position.length === example.length + 1 &&
    example.every((value, index) => isAlike(value, position[index + 1]));
  if (!fits) {
    throw new ServiceError("INVALID_PAGE_TOKEN", "the page token is not one of this list's", {
      metadata: { field: "page_token" },
    });
  }
  return position.slice(1) as unknown as T;
}

/** Numbers in positions are whole: anything else was not sealed here. */
function isAlike(example: string | number, value: unknown): boolean {
  return typeof example === "number" ? Number.isSafeInteger(value) : typeof value === "string";
}

function decode(token: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(token.slice(0, 4096), "base64url").toString());
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** How many items a page has: `size` within bounds, AIP-158. Throws INVALID_FIELD when negative. */
export function pageSizeOf(size: number): number {
  if (size < 0) {
    throw new ServiceError("INVALID_FIELD", "page_size must not be negative", {
      metadata: { field: "page_size" },
    });
  }
  return size === 0 ? 20 : Math.min(size, 100);
}
