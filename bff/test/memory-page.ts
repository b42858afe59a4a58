import { ServiceError } from "@tessera/service-kit/service-error";

/** A page of a list in memory; its token is where the next page begins. */
export function memoryPage<T>(
  all: readonly T[],
  pageSize: number,
  pageToken: string,
): { items: T[]; nextPageToken: string } {
  const start = pageToken === "" ? 0 : Number(pageToken);
  if (!Number.isInteger(start)) {
    throw new ServiceError("INVALID_PAGE_TOKEN", "not a token of this list's", {
      metadata: { field: "page_token" },
    });
  }
  const end = start + (pageSize === 0 ? 20 : pageSize);
  return { items: all.slice(start, end), nextPageToken: end < all.length ? String(end) : "" };
}
