import grpc from "k6/net/grpc";
import { countAnswer } from "../lib/answers.ts";
import { arriving } from "../lib/arrivals.ts";
import { countClaims, newKey } from "../lib/claims.ts";
import { createEvents } from "../lib/events.ts";
import { flow } from "../lib/flow.ts";
import { anyEvent, nextBuyer, run } from "../lib/run.ts";
import type { Prepared, RunEvent } from "../lib/run-file.ts";
import { leaveSummary } from "../lib/summary.ts";
import { sloOptions } from "../lib/thresholds.ts";

/** Wishes in one call, as the BFF combines them. */
const ENTRIES = 10;
const TIMEOUT = "2s";

/** The services without the BFF: what they do by themselves, and what their own callers see. */
export const options = sloOptions(["rpc"], {
  callers: arriving({
    rate: run.settings.rate,
    per: "second",
    seconds: run.settings.seconds,
    staySeconds: 1,
  }),
});
export const handleSummary = leaveSummary;

const inventory = clientFor("tessera/inventory/v1/inventory_service.proto");
const reservation = clientFor("tessera/reservation/v1/reservation_service.proto");

export function setup(): Prepared {
  return createEvents({ capacity: run.settings.size });
}

/** A connection of each virtual user, kept from its first iteration on. */
let isConnected = false;

export default flow(function threeCalls({ events }: Prepared) {
  if (!isConnected) {
    inventory.connect(run.inventoryAddress, { plaintext: true });
    reservation.connect(run.reservationAddress, { plaintext: true });
    isConnected = true;
  }
  const event = anyEvent(events);
  const eventId = event.id;
  invoke(inventory, "tessera.inventory.v1.InventoryService/GetEvent", { eventId });
  invoke(inventory, "tessera.inventory.v1.InventoryService/GetAvailability", { eventId });
  reserveMany(event);
});

interface Created {
  results: { reservation?: { id: string }; error?: { reason: string } }[];
}

function reserveMany(event: RunEvent): void {
  const entries = Array.from({ length: ENTRIES }, () => ({
    requestId: newKey(),
    userId: nextBuyer().userId,
    eventId: event.id,
    items: [{ ticketTypeId: event.ticketTypeId, quantity: 1 }],
  }));
  const method = "tessera.reservation.v1.ReservationService/BatchCreateReservations";
  const results = invoke<Created>(reservation, method, { entries })?.results ?? [];
  const isSoldOut = ({ error }: Created["results"][number]) => error?.reason === "SOLD_OUT";
  countClaims({
    attempted: ENTRIES,
    answered: results.length,
    acknowledged: results.filter((one) => one.reservation !== undefined).length,
    soldOut: results.filter(isSoldOut).length,
  });
  for (const { error } of results) {
    if (error !== undefined) {
      const kind = error.reason === "SOLD_OUT" ? "refused" : "unexpected";
      countAnswer({ class: "rpc", route: method, kind, text: error.reason });
    }
  }
}

/** Calls as the BFF would; counts the answer; undefined when the call failed. */
function invoke<T>(client: grpc.Client, method: string, request: object): T | undefined {
  const { status, error, message } = client.invoke(method, request, {
    timeout: TIMEOUT,
    metadata: { "x-request-id": newKey(), "x-tessera-user-id": nextBuyer().userId },
    tags: { class: "rpc", route: method, name: method },
  });
  const isFine = status === grpc.StatusOK;
  const text = `${status} ${JSON.stringify(error)}`;
  countAnswer({ class: "rpc", route: method, kind: isFine ? "fine" : "unexpected", text });
  return isFine ? (message as T) : undefined;
}

function clientFor(file: string): grpc.Client {
  const client = new grpc.Client();
  client.load(["../../proto"], file);
  return client;
}
