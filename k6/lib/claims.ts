import exec from "k6/execution";
import { Counter } from "k6/metrics";
import { type Answer, type Call, call, callAll, type Route } from "./api.ts";
import { run } from "./run.ts";
import type { Buyer, RunEvent } from "./run-file.ts";

// What buyers were told, for the verdict to compare with the ledger. Whoever was asked and did not
// answer may have done either: the difference of attempts and answers is how far both may differ.
// An answer is counted last: k6 may end a virtual user between any two of these.
const attempts = new Counter("reservations_attempted");
const answers = new Counter("reservations_answered");
const acknowledged = new Counter("reservations_acknowledged");
const unitsAcknowledged = new Counter("units_acknowledged");
const unitsSoldOut = new Counter("units_sold_out");
const confirmAttempts = new Counter("confirms_attempted");
const confirmAnswers = new Counter("confirms_answered");
const unitsConfirmed = new Counter("units_confirmed");
/** Of confirmed reservations that were cancelled. */
const unitsUnsold = new Counter("units_unsold");
/** Anything that may have given units back: from then on "sold out" need not stay true. */
const returns = new Counter("returns_attempted");

/** Why a buyer may honestly be refused. */
const NO_MORE = ["SOLD_OUT", "LIMIT_EXCEEDED"];

const RESERVE: Route = {
  method: "POST",
  path: "/v1/reservations",
  class: "reserve",
  refusals: NO_MORE,
};
const RESERVE_IN_CROWD: Route = { ...RESERVE, class: "crowd" };
const RESERVE_WITH_PASS: Route = {
  ...RESERVE,
  refusals: [...NO_MORE, "PASS_REQUIRED", "PASS_EXPIRED"],
};
const CONFIRM: Route = {
  method: "POST",
  path: "/v1/reservations/:id/confirm",
  class: "change",
  refusals: ["HOLD_EXPIRED"],
};
const CANCEL: Route = { method: "POST", path: "/v1/reservations/:id/cancel", class: "change" };

/** A reservation, as far as flows look at it. */
export interface Reservation {
  id: string;
  state: string;
}

/** One buyer's wish. */
export interface Wish {
  buyer: Buyer;
  event: RunEvent;
  quantity?: number;
  pass?: string;
  /** Unless given, a new one: the wish is a new one. */
  idempotencyKey?: string;
}

/** Reserves; counts what the buyer was told. */
export function reserve(wish: Wish): Answer<Reservation> {
  attempts.add(1);
  const route = wish.pass === undefined ? RESERVE : RESERVE_WITH_PASS;
  const answer = call<Reservation>(route, requestOf(wish));
  countClaim(answer, wish.quantity ?? 1);
  return answer;
}

/** Lets all of these reserve in the same moment. */
export function reserveAll(wishes: readonly Wish[]): Answer<Reservation>[] {
  attempts.add(wishes.length);
  const told = callAll<Reservation>(RESERVE_IN_CROWD, wishes.map(requestOf));
  told.forEach((answer, index) => {
    countClaim(answer, wishes[index]?.quantity ?? 1);
  });
  return told;
}

/** Pays for a reservation. */
export function confirm(buyer: Buyer, reservationId: string, quantity = 1): Answer<Reservation> {
  confirmAttempts.add(1);
  const answer = call<Reservation>(CONFIRM, {
    id: reservationId,
    accessToken: buyer.accessToken,
    idempotencyKey: `confirm-${reservationId}`,
    body: { paymentReference: `k6-${reservationId}` },
  });
  if (answer.isFine && !answer.isReplayed) {
    unitsConfirmed.add(quantity);
  }
  confirmAnswers.add(answer.status === 0 || answer.status >= 500 ? 0 : 1);
  return answer;
}

/** Gives a reservation back; `soldUnits` are those that had been paid for. */
export function cancel(buyer: Buyer, reservationId: string, soldUnits = 0): Answer<Reservation> {
  returns.add(1);
  const answer = call<Reservation>(CANCEL, {
    id: reservationId,
    accessToken: buyer.accessToken,
    idempotencyKey: `cancel-${reservationId}`,
    body: {},
  });
  if (answer.isFine && !answer.isReplayed) {
    unitsUnsold.add(soldUnits);
  }
  return answer;
}

/** Leaves a reservation to lapse. */
export function letGo(): void {
  returns.add(1);
}

/** Counts what came of wishes that went another way than REST. */
export function countClaims(told: {
  attempted: number;
  answered: number;
  acknowledged: number;
  soldOut: number;
}): void {
  attempts.add(told.attempted);
  acknowledged.add(told.acknowledged);
  unitsAcknowledged.add(told.acknowledged);
  unitsSoldOut.add(told.soldOut);
  answers.add(told.answered);
}

/** A key that no other wish of any run has. */
export function newKey(): string {
  return `${run.runId}-${exec.vu.idInTest}-${exec.vu.iterationInInstance}-${keyNumber++}`;
}
let keyNumber = 0;

/** An answer with a 5xx, or none, leaves open whether the units were taken. */
function countClaim({ status, code, isFine, isReplayed }: Answer<Reservation>, units: number) {
  if (isFine && !isReplayed) {
    acknowledged.add(1);
    unitsAcknowledged.add(units);
  }
  if (code === "SOLD_OUT") {
    unitsSoldOut.add(units);
  }
  if (status !== 0 && status < 500) {
    answers.add(1);
  }
}

function requestOf({ buyer, event, quantity = 1, pass, idempotencyKey }: Wish): Call {
  return {
    accessToken: buyer.accessToken,
    idempotencyKey: idempotencyKey ?? newKey(),
    body: { eventId: event.id, items: [{ ticketTypeId: event.ticketTypeId, quantity }] },
    ...(pass === undefined ? {} : { pass }),
  };
}
