import type { Broken } from "./fault.ts";

/**
 * Breaks something, and says how it is healed. When it could be broken only in part, that part is
 * healed at once: nobody else knows of it.
 *
 * `heal` must work from any state in which `doBreak` may have stopped.
 */
export async function breaking(
  what: string,
  doBreak: () => Promise<unknown>,
  heal: () => Promise<unknown>,
): Promise<Broken> {
  const whole = async () => {
    await heal();
  };
  try {
    await doBreak();
  } catch (reason) {
    await whole();
    throw reason;
  }
  return { what, heal: whole };
}
