import { type ParseArgsConfig, parseArgs } from "node:util";
import { OperatorError } from "@tessera/testkit/stores/operator-error";

/**
 * Reads a program's arguments as parseArgs() does.
 *
 * @throws OperatorError with `help` when there is one that the program does not take.
 */
export function readFlags<T extends ParseArgsConfig>(config: T, help: string) {
  try {
    return parseArgs(config);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "unknown flag";
    throw new OperatorError(`${reason}\n\n${help}`, { cause });
  }
}

/** Reads a number such as 30_000. @throws OperatorError when it is none from `min` to `max`. */
export function wholeNumber(
  flag: string,
  text: string,
  [min, max]: readonly [number, number],
): number {
  const value = Number(text.replaceAll("_", ""));
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new OperatorError(`--${flag} must be a whole number from ${min} to ${max}.`);
  }
  return value;
}
