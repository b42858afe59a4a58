import type { BatchCreateReservationsRequest } from "@tessera/proto/reservation/v1/reservation_service_pb";
import { type AppOptions, type TestApp, useApp } from "./use-app.ts";

/** What is for sale. */
export const eventId = crypto.randomUUID();
export const ticketTypeId = crypto.randomUUID();

/**
 * An app where somebody reserves. Call it inside `describe`; use it inside hooks and tests only.
 */
export function useShop(options: AppOptions) {
  const api = useApp(options);
  let token = "";
  before(async () => {
    token = await api.token();
    api.services.reservations.stock.set(ticketTypeId, 1_000_000);
  });
  const reserve = (type = ticketTypeId) =>
    api.ask("POST", "/v1/reservations", {
      token,
      key: crypto.randomUUID(),
      body: { eventId, items: [{ ticketTypeId: type, quantity: 1 }] },
    });
  return { api, reserve, tokenOf: () => token };
}

/** Holds the create RPCs back until told. */
export function holdBack(api: TestApp): { arrived: () => number; release: () => void } {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let arrived = 0;
  api.services.before.set("batchCreateReservations", () => {
    arrived += 1;
    return released;
  });
  return {
    arrived: () => arrived,
    release: () => {
      api.services.before.clear();
      release();
    },
  };
}

/** What was wished for, by the calls that it came with. */
export const entriesOf = (api: TestApp) =>
  api.services
    .callsOf("batchCreateReservations")
    .map(({ message }) => (message as BatchCreateReservationsRequest).entries);
