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
