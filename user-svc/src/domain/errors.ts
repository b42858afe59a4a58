import { ServiceError } from "@tessera/service-kit/service-error";

/*
 * Every failure that callers of this service are meant to understand. No message names an address:
 * messages are logged.
 */

/** The address has an account already. */
export function emailTaken(): ServiceError {
  return new ServiceError("EMAIL_TAKEN", "the address has an account");
}

/** The request id belongs to an earlier sign-up of the same address with another name or password. */
export function idempotencyKeyReused(): ServiceError {
  return new ServiceError("IDEMPOTENCY_KEY_REUSED", "the request_id was used for another request");
}

/** There is no account with this id. */
export function userNotFound(userId: string): ServiceError {
  return new ServiceError("USER_NOT_FOUND", `no user ${userId}`, { metadata: { userId } });
}

/** Unknown address or wrong password: which of them is nobody's business. */
export function badCredentials(): ServiceError {
  return new ServiceError("BAD_CREDENTIALS", "wrong address or password");
}

/** Unknown, used, expired or ended: the person signs in again. */
export function badRefreshToken(): ServiceError {
  return new ServiceError("BAD_REFRESH_TOKEN", "the refresh token is not good any more");
}

/** More passwords are waiting to be hashed than this process takes on. */
export function tooBusy(): ServiceError {
  return new ServiceError("TOO_BUSY", "too many passwords are being hashed; try again later");
}

/** Nobody waits for the answer any more. */
export function cancelled(): ServiceError {
  return new ServiceError("CANCELLED", "the caller went away");
}
