class InvalidValue extends Error {}

/**
 * Reads settings from environment variables and reports every bad one at once: a pod that dies
 * with the whole list needs one fix, not one deploy per typo.
 */
export class EnvReader {
  readonly #env: NodeJS.ProcessEnv;
  readonly #problems: string[] = [];

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /** A whole number from `min` to `max`. */
  integer(name: string, options: { min: number; max: number; fallback?: number }): number {
    return this.#read(name, options.fallback, (text) => {
      const value = numberOf(text);
      if (!Number.isInteger(value) || value < options.min || value > options.max) {
        throw new InvalidValue(`must be an integer from ${options.min} to ${options.max}`);
      }
      return value;
    });
  }

  /** A number from 0 to 1. */
  fraction(name: string, fallback: number): number {
    return this.#read(name, fallback, (text) => {
      const value = numberOf(text);
      if (!(value >= 0 && value <= 1)) {
        throw new InvalidValue("must be a number from 0 to 1");
      }
      return value;
    });
  }

  /** A TCP port; 0 lets the system choose one. */
  port(name: string, fallback: number): number {
    return this.integer(name, { min: 0, max: 65_535, fallback });
  }

  /** One of a few words. */
  oneOf<const T extends string>(name: string, words: readonly T[], fallback?: T): T {
    return this.#read(name, fallback, (text) => {
      const word = words.find((candidate) => candidate === text);
      if (word === undefined) {
        throw new InvalidValue(`must be one of ${words.join(", ")}`);
      }
      return word;
    });
  }

  /** Any text that is not empty. */
  text(name: string): string {
    return this.#read<string>(name, undefined, (text) => text);
  }

  /** A URL with one of the given protocols, such as `mysql:`. */
  url(name: string, options: { protocols: readonly string[]; fallback?: string }): string {
    return this.#read(name, options.fallback, (text) => checkedUrl(text, options.protocols));
  }

  /** A URL, or undefined when there is none: for what is off unless it is asked for. */
  optionalUrl(name: string, options: { protocols: readonly string[] }): string | undefined {
    return this.#env[name] ? this.url(name, options) : undefined;
  }

  /** Comma-separated URLs, at least one. */
  urls(
    name: string,
    options: { protocols: readonly string[]; fallback?: readonly string[] },
  ): readonly string[] {
    return this.#read(name, options.fallback, (text) =>
      text.split(",").map((part) => checkedUrl(part.trim(), options.protocols)),
    );
  }

  /** A gRPC target such as `inventory-svc:50051`. */
  address(name: string, fallback?: string): string {
    return this.#read(name, fallback, (text) => {
      if (!/^[^\s/]+:\d{1,5}$/.test(text)) {
        throw new InvalidValue("must be host:port");
      }
      return text;
    });
  }

  /** Exactly `length` bytes in base64: a key. There is no fallback for a secret. */
  bytes(name: string, length: number): Buffer {
    return this.#read<Buffer>(name, undefined, (text) => {
      const value = Buffer.from(text, "base64");
      // Buffer skips what is not base64, so what it read must be what was written.
      if (value.length !== length || value.toString("base64") !== text) {
        throw new InvalidValue(`must be ${length} bytes in base64`);
      }
      return value;
    });
  }

  /** Comma-separated secrets, at least one, none shorter than `minLength` characters. */
  secrets(name: string, { minLength }: { minLength: number }): readonly string[] {
    return this.#read<readonly string[]>(name, undefined, (text) => {
      const secrets = text.split(",").map((part) => part.trim());
      if (secrets.some((secret) => secret.length < minLength)) {
        throw new InvalidValue(`must be secrets of ${minLength} or more characters each`);
      }
      return secrets;
    });
  }

  /** Comma-separated web origins, written as browsers send them; empty when unset. */
  origins(name: string): readonly string[] {
    return this.#read<readonly string[]>(name, [], (text) => {
      const origins = text.split(",").map((part) => part.trim());
      if (!origins.every(isOrigin)) {
        throw new InvalidValue("must be origins such as https://app.example.com, without a path");
      }
      return origins;
    });
  }

  /** Returns the settings, or throws one error naming every bad variable. */
  finish<T extends object>(settings: T): Readonly<T> {
    if (this.#problems.length > 0) {
      throw new InvalidEnvironment(`invalid environment:\n  ${this.#problems.join("\n  ")}`);
    }
    return Object.freeze(settings);
  }

  /** The value is never printed: it may be a secret. */
  #read<T>(name: string, fallback: T | undefined, parse: (text: string) => T): T {
    const text = this.#env[name] ?? "";
    try {
      if (text !== "") {
        return parse(text);
      }
      if (fallback !== undefined) {
        return fallback;
      }
      throw new InvalidValue("is required");
    } catch (reason) {
      this.#problems.push(
        `${name} ${reason instanceof InvalidValue ? reason.message : "is malformed"}`,
      );
      // Never used: finish() throws whenever there is a problem.
      return undefined as T;
    }
  }
}

/** The operator's mistake; its message is all there is to print. */
export class InvalidEnvironment extends Error {
  override readonly name = "InvalidEnvironment";
}

/** Blank text is no number; JavaScript takes it for 0, which would be any port. */
function numberOf(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}

/** An origin as browsers send it, or as apps do: URL knows none of schemes such as `capacitor:`. */
function isOrigin(text: string): boolean {
  return /^https?:/i.test(text)
    ? URL.canParse(text) && new URL(text).origin === text
    : /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+$/.test(text);
}

function checkedUrl(text: string, protocols: readonly string[]): string {
  if (!URL.canParse(text) || !protocols.includes(new URL(text).protocol)) {
    throw new InvalidValue(`must be a ${protocols.map((name) => `${name}//`).join(" or ")} URL`);
  }
  return text;
}
