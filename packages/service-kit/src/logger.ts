import pino, { type Logger } from "pino";
import { isoTime } from "./iso-time.ts";

export type { Logger };

/** How a process logs. */
export interface LoggerOptions {
  /** The process's name, in every line. */
  service: string;
  /** The least level that is written. */
  level: "debug" | "info" | "warn" | "error" | "silent";
}

/**
 * JSON lines on standard output: `time` in RFC 3339, `level` as a word, `service`.
 *
 * Lines are buffered and written together, at least every 100 ms and at exit: one system call a
 * line would cost more than the line.
 */
export function createLogger({ service, level }: LoggerOptions): Logger {
  const destination = pino.destination({
    fd: 1,
    minLength: 16_384,
    maxWrite: 65_536,
    periodicFlush: 100,
    sync: true,
  });
  process.once("exit", () => destination.flushSync());
  return pino(
    {
      level,
      base: { service },
      timestamp: () => `,"time":"${isoTime(new Date())}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}
