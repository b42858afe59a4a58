import type { EventOnSale } from "../../event-on-sale.ts";
import type { Operation } from "../../history.ts";
import type { EventCase } from "../cases.ts";
import type { Finding, Look } from "../finding.ts";
import { Moment } from "../moment.ts";
import { sumOf } from "../units.ts";

/** States in which a reservation has its units. */
const LIVE = /^(HELD|CONFIRMING|CONFIRMED|COMMITTED)$/;

/** No ticket type ever has more owners than units: at the end, at any moment, and as they were told. */
export const soldTwice: Look<EventCase> = {
  claim: "nothing is sold twice",
  findings: (subject) => {
    const { event, stock, reservations, allocations, operations } = subject;
    const room = new Map(stock.map(({ ticketTypeId, capacity }) => [ticketTypeId, capacity]));
    const most = largest(event, operations);
    const live = ({ state }: { state: string }) => LIVE.test(state);
    const owned = paidFor(operations);
    return [
      ...excess("reservations", reservations.filter(live), room, operations),
      ...excess("allocations", allocations.filter(live), room, operations),
      ...excess("buyers who were told that they own them", owned, most, operations),
      ...atSomeMoment(subject, most),
    ];
  },
};

interface Owner {
  id: string;
  items: readonly { ticketTypeId: string; quantity: number }[];
}

function excess(
  who: string,
  owners: readonly Owner[],
  room: ReadonlyMap<string, number>,
  operations: readonly Operation[],
): Finding[] {
  return [...sumOf(owners)].flatMap(([ticketTypeId, units]) => {
    const capacity = room.get(ticketTypeId) ?? 0;
    return units <= capacity
      ? []
      : [
          {
            rule: `${who} ${ticketTypeId}`,
            what: `ticket type ${ticketTypeId} has ${capacity} units, its ${who} have ${units}`,
            shows: toldTo(owners, ticketTypeId, operations),
          },
        ];
  });
}

/** Capacity changes while people buy: what was the most that there ever was? */
function largest({ ticketTypes }: EventOnSale, operations: readonly Operation[]) {
  const most = new Map(ticketTypes.map(({ id, capacity }) => [id, capacity]));
  for (const { wish, outcome } of operations) {
    if (wish.kind === "capacity" && outcome !== "refused") {
      most.set(wish.ticketTypeId, Math.max(most.get(wish.ticketTypeId) ?? 0, wish.capacity));
    }
  }
  return most;
}

/** What buyers were told to own for good, and have not given back. The databases have no say. */
function paidFor(operations: readonly Operation[]): Owner[] {
  const paid = new Map<string, Owner>();
  const given = new Set<string>();
  for (const { wish, outcome, told } of operations) {
    if (wish.kind === "confirm" && outcome === "ok" && told?.reservation !== undefined) {
      paid.set(wish.reservationId, told.reservation);
    }
    if (wish.kind === "cancel" && outcome !== "refused") {
      given.add(wish.reservationId);
    }
  }
  return [...paid.values()].filter(({ id }) => !given.has(id));
}

/** Holds and sales at each move, as consumers were told of them. */
function atSomeMoment({ moves, operations }: EventCase, most: ReadonlyMap<string, number>) {
  const moment = new Moment();
  const found = new Map<string, Finding>();
  for (const move of moves) {
    moment.take(move);
    for (const { ticketTypeId } of move.items) {
      const units = moment.unitsOf(ticketTypeId);
      const capacity = most.get(ticketTypeId) ?? 0;
      if (units > capacity && !found.has(ticketTypeId)) {
        found.set(ticketTypeId, {
          rule: `moment ${ticketTypeId}`,
          what: `${units} units of ticket type ${ticketTypeId} were held or sold at move ${move.seq}, and ${capacity} is the most there ever were`,
          shows: toldTo(moment.owners(), ticketTypeId, operations),
        });
      }
    }
  }
  return [...found.values()];
}

/** The operations in which owners of a ticket type got hold of it. */
function toldTo(
  owners: readonly Owner[],
  ticketTypeId: string,
  operations: readonly Operation[],
): Operation[] {
  const ids = new Set(
    owners
      .filter(({ items }) => items.some((item) => item.ticketTypeId === ticketTypeId))
      .map(({ id }) => id),
  );
  return operations.filter(
    ({ wish, told }) =>
      (wish.kind === "reserve" || wish.kind === "confirm") && ids.has(told?.reservation?.id ?? ""),
  );
}
