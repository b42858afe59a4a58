import type { Random } from "../random.ts";

/** Sixteen letters that all keys of a crowd begin with: others for each seed. */
export function keyTag(random: Random): string {
  const chance = random.fork("keys");
  const word = () => chance.integer(0, 0xffff).toString(16).padStart(4, "0");
  return word() + word() + word() + word();
}
