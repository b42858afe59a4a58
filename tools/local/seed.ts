import { ORGANISER } from "@tessera/testkit/services";
import { callRest } from "./rest.ts";

/** An event, as far as the tools look at it. */
export interface SeededEvent {
  id: string;
  name: string;
  ticketTypes: { id: string; name: string }[];
}

/** The same body every time: a repeat under the same key answers with the same event. */
const SAMPLE_EVENT = {
  name: "Orfeo, first night",
  venue: "Teatro Grande",
  startsAt: "2036-06-01T19:30:00Z",
  salesOpenAt: "2025-01-01T09:00:00Z",
  salesCloseAt: "2036-06-01T18:00:00Z",
  ticketTypes: [
    { name: "Floor", price: { amount: 4500, currency: "EUR" }, capacity: 20_000 },
    { name: "Balcony", price: { amount: 7500, currency: "EUR" }, capacity: 500 },
    { name: "Royal box", price: { amount: 25_000, currency: "EUR" }, capacity: 6 },
  ],
};

/** Signs the organiser in; returns the access token. */
export async function signInOrganiser(bffUrl: string): Promise<string> {
  const url = `${bffUrl}/v1/sessions`;
  return (await callRest<{ accessToken: string }>(url, { body: ORGANISER })).accessToken;
}

/** Makes the sample event, once; a repeat finds the one that is there. */
export async function seedSampleEvent(bffUrl: string): Promise<SeededEvent> {
  return await callRest<SeededEvent>(`${bffUrl}/v1/events`, {
    body: SAMPLE_EVENT,
    accessToken: await signInOrganiser(bffUrl),
    idempotencyKey: "sample-event-1",
  });
}
