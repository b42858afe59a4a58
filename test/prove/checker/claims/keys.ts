import type { Operation, Wish } from "../../history.ts";
import { type KeyCase, keyIdOf, type ReservationCase } from "../cases.ts";
import type { Finding, Look } from "../finding.ts";
import { contentOf, mayHaveBeenDone } from "../units.ts";

/** Refusals that say nothing of what the key did: the request was not looked at. */
const NOT_LOOKED_AT = new Set(["RATE_LIMITED", "TOO_BUSY", "UNAUTHENTICATED"]);

/** Whatever is repeated under a key gets the same answer, and changes nothing more. */
export const keys: Look<KeyCase> = {
  claim: "one key has one effect",
  findings: ({ operations }) => {
    const done = operations.filter(({ outcome }) => outcome === "ok");
    const first = earliest(done);
    if (first === undefined) {
      return [];
    }
    const findings: Finding[] = [];
    const name = `key ${first.key} of ${first.userId}`;
    const others = done.filter((one) => one !== first);
    const otherBody = others.find(({ wish }) => bodyOf(wish) !== bodyOf(first.wish));
    if (otherBody !== undefined) {
      const what = `${name} was good for two different requests`;
      findings.push({ rule: "body", what, shows: [first, otherBody] });
    }
    const otherAnswer = others.find(({ told }) => answerOf(told) !== answerOf(first.told));
    if (otherAnswer !== undefined) {
      const what = `${name} got two different answers`;
      findings.push({ rule: "answer", what, shows: [first, otherAnswer] });
    }
    const firsts = done.filter(({ told }) => told?.isReplay === false);
    if (firsts.length > 1) {
      const what = `${name} had an effect ${firsts.length} times`;
      findings.push({ rule: "first", what, shows: firsts });
    }
    const refused = operations.find(
      ({ outcome, told, wish, startMs }) =>
        outcome === "refused" &&
        !NOT_LOOKED_AT.has(told?.code ?? "") &&
        bodyOf(wish) === bodyOf(first.wish) &&
        startMs >= (first.endMs ?? Number.POSITIVE_INFINITY),
    );
    if (refused !== undefined) {
      const what = `${name} was told ${refused.told?.code} after it had succeeded`;
      findings.push({ rule: "refused", what, shows: [first, refused] });
    }
    return findings;
  },
};

/** Nothing happens that nobody asked for, and nothing that was refused. */
export const nowhere: Look<ReservationCase> = {
  claim: "one key has one effect",
  findings: ({ id, operations, reservation, allocation, keyIds }) => {
    const findings: Finding[] = [];
    const asked = operations.filter(mayHaveBeenDone);
    const claim = reservation ?? allocation;
    const reserved = asked.some(
      (operation) => operation.wish.kind === "reserve" && keyIdOf(operation) === id,
    );
    if (claim !== undefined && !reserved) {
      const what = `nobody's request can have made reservation ${id} of ${claim.userId}`;
      findings.push({ rule: "nowhere", what, shows: operations });
    }
    // The intent to confirm is remembered, whatever comes of it.
    const known = new Set(
      operations
        .filter((operation) => mayHaveBeenDone(operation) || operation.wish.kind === "confirm")
        .map(keyIdOf),
    );
    const strange = keyIds.filter((keyId) => !known.has(keyId));
    if (strange.length > 0) {
      const what = `reservation ${id} was changed by ${strange.length} requests that nobody made`;
      findings.push({ rule: "strange", what, shows: operations });
    }
    const cancels = new Set(operations.filter(({ wish }) => wish.kind === "cancel").map(keyIdOf));
    if (keyIds.filter((keyId) => cancels.has(keyId)).length > 1) {
      const what = `reservation ${id} was cancelled more than once`;
      findings.push({ rule: "cancelled twice", what, shows: operations });
    }
    return findings;
  },
};

function earliest(operations: readonly Operation[]): Operation | undefined {
  return operations.reduce<Operation | undefined>(
    (first, one) =>
      (one.endMs ?? Number.POSITIVE_INFINITY) < (first?.endMs ?? Number.POSITIVE_INFINITY)
        ? one
        : first,
    undefined,
  );
}

/** What must be the same for two requests to be the same request. */
function bodyOf(wish: Wish): string {
  switch (wish.kind) {
    case "reserve":
      return `${wish.eventId} ${contentOf(wish.items)}`;
    case "confirm":
      return `${wish.reservationId} ${wish.paymentReference}`;
    case "cancel":
    case "extend":
    case "look":
      return wish.reservationId;
    default:
      return wish.eventId;
  }
}

/** All that must be the same in a repeated answer. */
function answerOf(told: Operation["told"]): string {
  const answer = told?.reservation;
  return answer === undefined
    ? "nothing"
    : JSON.stringify([
        ...[answer.id, answer.eventId, answer.state, contentOf(answer.items), answer.total.amount],
        ...[answer.expiresAt, answer.extendCount, answer.reacquired],
      ]);
}
