import type { Operation } from "../../history.ts";
import type { Finding } from "../finding.ts";

/** Everybody is compared with everybody: with more people than this, only the first ones are. */
const PEOPLE_MAX = 1_000;

/** One person's first stay in the line. */
interface Stay {
  userId: string;
  /** The first answer with a position. */
  first: Operation;
  position: number;
  /** When the last question began that was answered with WAITING, in milliseconds. */
  waitedUntilMs: number;
  lastWait: Operation;
  /** The answer that let them in. */
  admitted: Operation | undefined;
}

/**
 * People who were let in before somebody who stood in front of them, and never was silent. Places
 * are compared only where one person's place was known before the other one's was asked for.
 */
export function turnsTaken(
  eventId: string,
  operations: readonly Operation[],
  silenceMs: number,
): Finding[] {
  const byUser = Map.groupBy(operations, ({ userId }) => userId);
  const stays = [...byUser.values()]
    .flatMap((own) => stayOf(own, silenceMs) ?? [])
    .slice(0, PEOPLE_MAX);
  const findings: Finding[] = [];
  for (const ahead of stays) {
    const overtaker = stays.find(
      ({ first, position, admitted }) =>
        position > ahead.position &&
        first.startMs >= (ahead.first.endMs ?? Number.POSITIVE_INFINITY) &&
        (admitted?.endMs ?? Number.POSITIVE_INFINITY) <= ahead.waitedUntilMs,
    );
    if (overtaker?.admitted !== undefined) {
      findings.push({
        rule: `overtaken ${ahead.userId}`,
        what: `${overtaker.userId} was let in to event ${eventId} before ${ahead.userId}, who stood in front`,
        shows: [ahead.first, overtaker.first, overtaker.admitted, ahead.lastWait],
      });
    }
  }
  return findings;
}

/** Undefined for who has no position to compare. The stay ends with the first silence. */
function stayOf(own: readonly Operation[], silenceMs: number): Stay | undefined {
  let stay: Stay | undefined;
  let heardMs = 0;
  for (const operation of own) {
    const { wish, told, startMs, endMs, userId } = operation;
    if (wish.kind === "leave" || (stay !== undefined && startMs - heardMs >= silenceMs)) {
      break;
    }
    const place = told?.place;
    if (place === undefined || endMs === undefined) {
      continue;
    }
    heardMs = endMs;
    if (place.state === "WAITING" && place.position !== null) {
      const { position } = place;
      stay ??= {
        ...{ userId, position, first: operation, admitted: undefined },
        ...{ waitedUntilMs: startMs, lastWait: operation },
      };
      stay.waitedUntilMs = startMs;
      stay.lastWait = operation;
    } else if (stay !== undefined) {
      stay.admitted = place.state === "ADMITTED" ? operation : undefined;
      break;
    }
  }
  return stay;
}
