import { ServiceError } from "@tessera/service-kit/service-error";

/** A name that the client made up is told to it, and not 60 kB of it. */
const NAME_MAX = 64;

/** One thing that is wrong with a request. */
export interface FieldError {
  /** Where: a path such as `items[0].quantity`, or the name of a header. */
  field: string;
  /** How, for people. */
  detail: string;
}

/** INVALID_FIELD, with everything that is wrong and not only the first. */
export class InvalidRequest extends ServiceError {
  readonly errors: readonly FieldError[];

  /** `errors` must not be empty. */
  constructor(errors: readonly FieldError[]) {
    super("INVALID_FIELD", errors.map(({ field, detail }) => `${field} ${detail}`).join("; "));
    this.errors = errors;
  }
}

/** The request is wrong in one place. */
export function invalid(field: string, detail: string): InvalidRequest {
  return new InvalidRequest([{ field, detail }]);
}

/** A name that the client made up, as it is told to it: its beginning, and always well-formed. */
export function shownName(name: string): string {
  const shown = name.length <= NAME_MAX ? name : `${name.slice(0, NAME_MAX)}…`;
  return shown.toWellFormed();
}
