import type { Outcome, Told, ToldPlace, ToldReservation, Wish } from "../history.ts";
import type { Answer } from "./rest-client.ts";

/** What the one who wished may conclude from a status and a problem's code. */
export function outcomeOf(status: number, code: string | undefined): Outcome {
  if (status >= 200 && status < 300) {
    return "ok";
  }
  // Whatever failed beyond the caller's reach may have failed after the effect.
  const isUnsure = status >= 499 || code === "REQUEST_IN_PROGRESS";
  return isUnsure ? "unknown" : "refused";
}

/** What an answer to this wish tells; undefined when it does not tell what it must. */
export function toldOf(
  wish: Wish,
  { status, retryAfter, isReplay, body }: Answer,
): Told | undefined {
  const fields = fieldsOf(body);
  const code = typeof fields.code === "string" ? fields.code : undefined;
  const told = { status, code, retryAfter, isReplay };
  if (outcomeOf(status, code) !== "ok") {
    return told;
  }
  switch (wish.kind) {
    case "reserve":
    case "confirm":
    case "cancel":
    case "extend":
    case "look": {
      const reservation = reservationOf(fields);
      return reservation && { ...told, reservation };
    }
    case "join":
    case "poll": {
      const place = placeOf(fields);
      return place && { ...told, place };
    }
    case "leave":
    case "capacity":
      return told;
  }
}

interface Fields {
  readonly [name: string]: unknown;
}

function reservationOf(fields: Fields): ToldReservation | undefined {
  const { id, eventId, state, items, expiresAt, extendCount, reacquired } = fields;
  const { amount, currency } = fieldsOf(fields.total);
  if (
    typeof id !== "string" ||
    typeof eventId !== "string" ||
    typeof state !== "string" ||
    !Array.isArray(items) ||
    typeof amount !== "number" ||
    typeof currency !== "string"
  ) {
    return undefined;
  }
  return {
    id,
    eventId,
    state,
    items: items.map(({ ticketTypeId, quantity }) => ({ ticketTypeId, quantity })),
    total: { amount, currency },
    // Told of what is held alone.
    expiresAt: typeof expiresAt === "string" ? expiresAt : "",
    extendCount: typeof extendCount === "number" ? extendCount : 0,
    reacquired: reacquired === true,
  };
}

const STATES: readonly ToldPlace["state"][] = ["WAITING", "ADMITTED", "GONE", "EXPIRED"];

function placeOf({ state, position, pass, pollAfterMs }: Fields): ToldPlace | undefined {
  const known = STATES.find((one) => one === state);
  return (
    known && {
      state: known,
      position: typeof position === "number" ? position : null,
      ...(typeof pass === "string" ? { pass } : {}),
      pollAfterMs: typeof pollAfterMs === "number" ? pollAfterMs : null,
    }
  );
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
