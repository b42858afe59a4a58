import { invalidField } from "@tessera/service-kit/service-error";
import { isUuid } from "@tessera/service-kit/uuid";
import type { App } from "./app.ts";

/**
 * Signs out. Another user's session, an unknown one and one that has ended are left as they are.
 * An access token that was issued in it stays good until it expires. Throws INVALID_FIELD.
 */
export async function deleteSession(
  app: Pick<App, "sessions" | "clock">,
  { userId, sessionId }: { userId: string; sessionId: string },
): Promise<void> {
  if (!isUuid(userId)) {
    throw invalidField("user_id", "must be a UUID");
  }
  if (!isUuid(sessionId)) {
    throw invalidField("session_id", "must be a UUID");
  }
  await app.sessions.end({ userId, sessionId, reason: "signed_out", endTime: app.clock() });
}
