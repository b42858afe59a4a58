import { READABLE } from "@tessera/service-kit/readable-text";
import { invalidField } from "@tessera/service-kit/service-error";

/** What a User may do. Sign-up makes customers; organisers are seeded. */
export type Role = "customer" | "organiser";

/** A person with an account. */
export interface User {
  /** A UUID. */
  id: string;
  /** As the person wrote it. */
  email: string;
  name: string;
  role: Role;
  createTime: Date;
}

/** A User with what signing in and signing up again need. */
export interface Account extends User {
  /** In PHC form, with its cost settings. */
  passwordHash: string;
  /** SHA-256 of the request id that made the account. */
  requestKey: Buffer;
}

/** What a person signs up with; checked. */
export interface NewUser {
  email: string;
  password: string;
  name: string;
}

/** The most characters of an address, as in RFC 5321. */
export const EMAIL_MAX = 254;
const PASSWORD_MIN = 10;
const PASSWORD_MAX = 256;
const NAME_MAX = 100;

/** One `@` between two parts without spaces, control characters or lone surrogates. */
const EMAIL = /^[^\s@\p{C}]+@[^\s@\p{C}]+$/u;
const PRINTABLE_ASCII = /^[\x20-\x7e]{1,255}$/;

/**
 * The form of an address that is unique: its case, and how its accents are composed, make no
 * difference. Providers' own rules (dots, `+`) are theirs to know and are not applied.
 *
 * Both small sigmas have one capital, which is lowered to the one or the other by its place.
 */
export function emailKeyOf(email: string): string {
  return email.replaceAll(/[σς]/g, "Σ").normalize("NFC").toLowerCase().normalize("NFC");
}

/** Checks what a person signs up with. Throws INVALID_FIELD naming the first bad field. */
export function parseNewUser({ email, password, name }: NewUser): NewUser {
  // A few characters grow when they are lowered; both forms must fit.
  if (lengthOf(email) > EMAIL_MAX || lengthOf(emailKeyOf(email)) > EMAIL_MAX) {
    throw invalidField("email", `must have at most ${EMAIL_MAX} characters`);
  }
  if (!EMAIL.test(email)) {
    throw invalidField("email", "must be an address such as ann@example.com");
  }
  if (lengthOf(password) < PASSWORD_MIN || isPasswordTooLong(password)) {
    throw invalidField("password", `must have ${PASSWORD_MIN} to ${PASSWORD_MAX} characters`);
  }
  if (lengthOf(name) > NAME_MAX || !READABLE.test(name)) {
    throw invalidField("name", `must have 1 to ${NAME_MAX} characters, and something to read`);
  }
  return { email, password, name };
}

/** True for a password that no account can have. */
export function isPasswordTooLong(password: string): boolean {
  return lengthOf(password) > PASSWORD_MAX;
}

/** Checks an idempotency key. Throws INVALID_FIELD. */
export function parseRequestId(requestId: string): string {
  if (!PRINTABLE_ASCII.test(requestId)) {
    throw invalidField("request_id", "must have 1 to 255 printable ASCII characters");
  }
  return requestId;
}

/** In code points, as MySQL counts. Stops early: a text may have millions of them. */
function lengthOf(text: string): number {
  return text.length > 4096 ? text.length : [...text].length;
}
