import type { Wish } from "../history.ts";
import type { Ask } from "./rest-client.ts";

/** A wish as REST has it; who asks, and under which key, is not in it. */
export function askOf(wish: Wish): Ask {
  switch (wish.kind) {
    case "reserve": {
      const { eventId, items, pass } = wish;
      return { method: "POST", path: "/v1/reservations", body: { eventId, items }, pass };
    }
    case "confirm": {
      const { paymentReference } = wish;
      return { ...moveOf(wish), body: { paymentReference } };
    }
    case "cancel":
    case "extend":
      return moveOf(wish);
    case "look":
      return { method: "GET", path: `/v1/reservations/${wish.reservationId}` };
    case "join":
      return { method: "POST", path: `/v1/events/${wish.eventId}/queue` };
    case "poll":
      return { method: "GET", path: `/v1/events/${wish.eventId}/queue` };
    case "leave":
      return { method: "DELETE", path: `/v1/events/${wish.eventId}/queue` };
    case "capacity": {
      const { eventId, ticketTypeId, capacity } = wish;
      const path = `/v1/events/${eventId}/ticket-types/${ticketTypeId}`;
      return { method: "PATCH", path, body: { capacity } };
    }
  }
}

function moveOf({ kind, reservationId }: { kind: string; reservationId: string }): Ask {
  return { method: "POST", path: `/v1/reservations/${reservationId}/${kind}`, body: {} };
}
