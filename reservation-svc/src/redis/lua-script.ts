import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";

/** What a script is given: texts, numbers, and bytes as they are. */
export type ScriptArgument = string | number | Buffer;

/** A script that Redis remembers, so that its text travels once and not with every call. */
export class LuaScript {
  readonly #text: string;
  readonly #digest: string;

  /** Reads the files in `scripts/` and puts them one after the other. */
  constructor(...files: readonly string[]) {
    this.#text = files
      .map((file) => readFileSync(new URL(`./scripts/${file}`, import.meta.url), "utf8"))
      .join("\n");
    this.#digest = hash("sha1", this.#text, "hex");
  }

  /** Runs the script; texts in its answer are bytes. */
  async run(
    redis: Redis,
    keys: readonly string[],
    args: readonly ScriptArgument[],
  ): Promise<unknown> {
    const rest = [keys.length, ...keys, ...args];
    try {
      return await redis.callBuffer("EVALSHA", this.#digest, ...rest);
    } catch (reason) {
      // It was restarted, or told to forget.
      if (isReply(reason, /^NOSCRIPT /)) {
        return await redis.callBuffer("EVAL", this.#text, ...rest);
      }
      throw reason;
    }
  }
}

/** True for what Redis itself refused, in words that match. */
export function isReply(reason: unknown, words: RegExp): boolean {
  return reason instanceof Error && reason.name === "ReplyError" && words.test(reason.message);
}
