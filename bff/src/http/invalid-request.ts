import { ServiceError } from "@tessera/service-kit/service-error";

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
