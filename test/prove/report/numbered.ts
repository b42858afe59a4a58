import type { PlayedFault, PlayedRound } from "../round.ts";

/** Each fault with its number in the picture. */
export function numbered(
  rounds: readonly PlayedRound[],
): { label: string; round: PlayedRound["plan"]; fault: PlayedFault }[] {
  return rounds
    .flatMap(({ plan, faults }) => faults.map((fault) => ({ round: plan, fault })))
    .map((one, index) => ({ ...one, label: String(index + 1) }));
}
