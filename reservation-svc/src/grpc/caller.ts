import type { HandlerContext } from "@connectrpc/connect";
import { ServiceError } from "@tessera/service-kit/service-error";
import { isUuid } from "@tessera/service-kit/uuid";

/**
 * Whose call it is. Throws UNAUTHENTICATED.
 *
 * Mesh policy lets only the BFF call this port, and the BFF sets the header.
 */
export function callerId(context: HandlerContext): string {
  const userId = context.requestHeader.get("x-tessera-user-id") ?? "";
  if (!isUuid(userId)) {
    throw new ServiceError("UNAUTHENTICATED", "the call does not say whose it is");
  }
  return userId;
}
