import { ServiceError } from "@tessera/service-kit/service-error";
import { isUuid } from "@tessera/service-kit/uuid";
import { type FieldError, InvalidRequest, shownName } from "./invalid-request.ts";
import { parseTime } from "./parse-time.ts";

/** More errors than this are not collected: nobody reads them. */
const MAX_ERRORS = 20;

/** What a text must look like, and how to say so. */
export interface TextPattern {
  regexp: RegExp;
  detail: string;
}

/** Bounds of a text, in characters. */
export interface TextBounds {
  min: number;
  max: number;
  pattern?: TextPattern;
}

/**
 * Reads a JSON object property by property, and collects everything that is wrong with it.
 *
 * A value that is wrong reads as an empty one, which nobody sees: `finish` throws. Properties
 * that are not among `known` are wrong as well: what a client sends is never silently dropped.
 */
export class ObjectReader {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #errors: FieldError[];

  private constructor(
    value: unknown,
    path: string,
    known: readonly string[],
    errors: FieldError[],
  ) {
    this.#path = path;
    this.#errors = errors;
    if (isObject(value)) {
      this.#value = value;
      for (const name of Object.keys(value)) {
        if (!known.includes(name)) {
          this.wrong(shownName(name), "is not a known property");
        }
      }
    } else {
      this.#value = {};
      const what = path.replace(/\.$/, "");
      if (errors.length < MAX_ERRORS) {
        errors.push({ field: what, detail: "must be an object" });
      }
    }
  }

  /** Reads a request's body. Throws MALFORMED_BODY when it is no object. */
  static ofBody(body: unknown, known: readonly string[]): ObjectReader {
    if (!isObject(body)) {
      throw new ServiceError("MALFORMED_BODY", "the body must be a JSON object");
    }
    return new ObjectReader(body, "", known, []);
  }

  /** True when the property is there. Null is there: it is of no type that a property has. */
  has(name: string): boolean {
    return this.#value[name] !== undefined;
  }

  /** Adds an error of the caller's own. */
  wrong(name: string, detail: string): void {
    if (this.#errors.length < MAX_ERRORS) {
      this.#errors.push({ field: `${this.#path}${name}`, detail });
    }
  }

  /** A text within bounds. */
  text(name: string, { min, max, pattern }: TextBounds): string {
    const value = this.#value[name];
    if (typeof value !== "string") {
      this.#mistyped(name, "must be a string");
      return "";
    }
    // UTF-16 units are never fewer than characters: counting those is for the rare long text.
    const length = value.length <= max ? value.length : [...value].length;
    if (length < min || length > max) {
      this.wrong(name, `must have ${min} to ${max} characters`);
    } else if (!value.isWellFormed()) {
      this.wrong(name, "must be well-formed Unicode");
    } else if (pattern !== undefined && !pattern.regexp.test(value)) {
      this.wrong(name, pattern.detail);
    }
    return value;
  }

  /** A whole number within bounds. */
  integer(name: string, { min, max }: { min: number; max: number }): number {
    const value = this.#value[name];
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
      this.#mistyped(name, `must be a whole number from ${min} to ${max}`);
      return 0;
    }
    return value;
  }

  /** A UUID, in lower case whatever the client wrote. */
  uuid(name: string): string {
    const value = this.#value[name];
    if (typeof value === "string") {
      const uuid = isUuid(value) ? value : value.toLowerCase();
      if (isUuid(uuid)) {
        return uuid;
      }
    }
    this.#mistyped(name, "must be a UUID");
    return "";
  }

  /** An RFC 3339 time. */
  time(name: string): Date {
    const value = this.#value[name];
    const time = typeof value === "string" ? parseTime(value) : undefined;
    if (time === undefined) {
      this.#mistyped(name, "must be an RFC 3339 time such as 2030-01-31T20:00:00Z");
    }
    return time ?? new Date(0);
  }

  /** One of a few words. */
  oneOf<T extends string>(name: string, words: readonly [T, ...T[]]): T {
    const word = words.find((candidate) => candidate === this.#value[name]);
    if (word === undefined) {
      this.#mistyped(name, `must be one of ${words.join(", ")}`);
    }
    return word ?? words[0];
  }

  /** An object within this one. */
  object(name: string, known: readonly string[]): ObjectReader {
    if (!this.has(name)) {
      this.wrong(name, "is required");
    }
    const value = this.has(name) ? this.#value[name] : {};
    // What is absent has been said; its properties need not be.
    const errors = this.has(name) ? this.#errors : [];
    return new ObjectReader(value, `${this.#path}${name}.`, known, errors);
  }

  /** A list of objects, each read by `read`. */
  list<T>(
    name: string,
    options: { min: number; max: number; known: readonly string[] },
    read: (item: ObjectReader) => T,
  ): T[] {
    const value = this.#value[name];
    const { min, max, known } = options;
    if (!Array.isArray(value) || value.length < min || value.length > max) {
      this.#mistyped(name, `must be a list of ${min} to ${max}`);
      return [];
    }
    return value.map((item, index) =>
      read(new ObjectReader(item, `${this.#path}${name}[${index}].`, known, this.#errors)),
    );
  }

  /** Throws INVALID_FIELD when anything was wrong, here or in what was read through this. */
  finish(): void {
    if (this.#errors.length > 0) {
      throw new InvalidRequest(this.#errors);
    }
  }

  #mistyped(name: string, detail: string): void {
    this.wrong(name, this.has(name) ? detail : "is required");
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
