import type { Operation } from "../../history.ts";
import type { ReservationCase } from "../cases.ts";
import type { Reservation } from "../evidence.ts";
import type { Finding, Look } from "../finding.ts";
import { contentOf, priceOf } from "../units.ts";

/** Whatever somebody was told to have is there, theirs, and what they were told. */
export const acknowledged: Look<ReservationCase> = {
  claim: "acknowledged reservations exist, and belong to their buyer",
  findings: ({ id, event, operations, reservation, hasAccount }) => {
    const told = operations.filter(
      (operation) => operation.outcome === "ok" && operation.told?.reservation?.id === id,
    );
    const name = `reservation ${id}`;
    if (reservation === undefined) {
      return told.length === 0
        ? []
        : [{ rule: "missing", what: `${name} was told and does not exist` }];
    }
    const findings: Finding[] = told.flatMap((operation) =>
      wrongWith(operation, reservation).map((what) => ({
        rule: what,
        what: `${name}: ${what}`,
        shows: [operation],
      })),
    );
    if (!hasAccount) {
      const what = `${name} belongs to ${reservation.userId}, who has no account`;
      findings.push({ rule: "no account", what });
    }
    if (event !== undefined && reservation.totalMinor !== priceOf(event, reservation.items)) {
      const what = `${name} costs ${reservation.totalMinor}, its units ${priceOf(event, reservation.items)}`;
      findings.push({ rule: "price", what });
    }
    return [...findings, ...denied(name, operations, reservation)];
  },
};

function wrongWith({ userId, wish, told }: Operation, reservation: Reservation): string[] {
  const answer = told?.reservation;
  if (answer === undefined) {
    return [];
  }
  if (userId !== reservation.userId) {
    return [`told to ${userId}, it belongs to ${reservation.userId}`];
  }
  const wrong: string[] = [];
  const compare = (what: string, said: string | number, is: string | number) => {
    if (said !== is) {
      wrong.push(`${what} was told to be ${said}, and is ${is}`);
    }
  };
  compare("its event", answer.eventId, reservation.eventId);
  compare("its units", contentOf(answer.items), contentOf(reservation.items));
  compare("its total", answer.total.amount, reservation.totalMinor);
  if (wish.kind === "reserve") {
    compare("what was wished", contentOf(wish.items), contentOf(reservation.items));
    compare("the hold's end", Date.parse(answer.expiresAt), reservation.firstExpireTime);
  }
  if (wish.kind === "confirm") {
    compare("the payment", wish.paymentReference, reservation.paymentReference);
  }
  return wrong;
}

/** Nobody is told that what is theirs does not exist. */
function denied(
  name: string,
  operations: readonly Operation[],
  reservation: Reservation,
): Finding[] {
  const known = operations
    .filter(({ outcome, told }) => outcome === "ok" && told?.reservation?.id === reservation.id)
    .reduce<Operation | undefined>(
      (first, one) => ((one.endMs ?? 0) < (first?.endMs ?? Number.POSITIVE_INFINITY) ? one : first),
      undefined,
    );
  return operations.flatMap((operation) =>
    known?.endMs !== undefined &&
    operation.userId === reservation.userId &&
    operation.told?.code === "RESERVATION_NOT_FOUND" &&
    operation.startMs >= known.endMs
      ? [
          {
            rule: `denied ${operation.number}`,
            what: `${name} was denied to its buyer`,
            shows: [known, operation],
          },
        ]
      : [],
  );
}
