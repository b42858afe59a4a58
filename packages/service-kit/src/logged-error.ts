import pino from "pino";

/**
 * What drivers put on their errors that is not ours to write down: the statement with the values
 * in it (mysql2), the values by themselves (TypeORM), the arguments of a command (ioredis).
 */
const UNTOLD: ReadonlySet<string> = new Set([
  "sql",
  "query",
  "parameters",
  "args",
  "driverError",
  "raw",
]);

/** How MySQL quotes data in its messages: names of tables and columns it quotes otherwise. */
const QUOTED_DATA = /\b(entry|value:?|near) '.*?'(?= for | at |$)/gms;

/** An error as it is logged: its type, message, stack and codes, and nothing that people sent. */
export function loggedError(thrown: unknown): unknown {
  return scrubbed(thrown instanceof Error ? pino.stdSerializers.err(thrown) : thrown);
}

/** Causes that a brief error tells of. */
const CAUSES_MAX = 5;

/**
 * The same in short, for what may fail a thousand times a second: its type, and its message with
 * those of its causes. Its stack is not looked at, for it is only then that it costs.
 */
export function briefError(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) {
    return scrubbed(thrown);
  }
  const messages: string[] = [];
  let one: unknown = thrown;
  while (one instanceof Error && messages.length <= CAUSES_MAX) {
    messages.push(one.message);
    one = one.cause;
  }
  return scrubbed({ type: thrown.constructor.name, message: messages.join(": ") });
}

function scrubbed(value: unknown): unknown {
  if (typeof value === "string") {
    return value.replace(QUOTED_DATA, "$1 '…'");
  }
  if (Array.isArray(value)) {
    return value.map(scrubbed);
  }
  const isPlain = typeof value === "object" && value !== null && !(value instanceof Headers);
  if (!isPlain) {
    return value;
  }
  const entries = Object.entries(value).filter(([name]) => !UNTOLD.has(name));
  return Object.fromEntries(entries.map(([name, one]) => [name, scrubbed(one)]));
}
