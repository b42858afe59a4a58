import { ORGANISER } from "@tessera/testkit/services";
import type { SeededEvent } from "./seed.ts";
import type { LocalSystem } from "./system.ts";

/** What a newcomer wants to see when everything is ready: addresses, and lines to copy. */
export function welcome(system: LocalSystem, event: SeededEvent): string {
  const { bffUrl: url, ports, logFolder } = system;
  const json = "-H 'content-type: application/json'";
  const get = (path: string) => `node -pe 'JSON.parse(fs.readFileSync(0)).${path}'`;
  const item = `{"ticketTypeId":"${event.ticketTypes[0]?.id}","quantity":2}`;
  return `
  REST        ${url}/v1      reference: ${url}/docs   OpenAPI: ${url}/openapi.json
  inventory   gRPC localhost:${ports.inventoryGrpc}   Connect, health, metrics: http://localhost:${ports.inventoryHttp}
  reservation gRPC localhost:${ports.reservationGrpc}   Connect, health, metrics: http://localhost:${ports.reservationHttp}
  user        gRPC localhost:${ports.userGrpc}   Connect, health, metrics: http://localhost:${ports.userHttp}
  bff                                health, metrics: http://localhost:${ports.bffAdmin}
  organiser   ${ORGANISER.email} / ${ORGANISER.password}
  logs        ${logFolder}

Try it (another terminal; "npm run demo" runs a whole on-sale):

# sign up, sign in
curl -s ${url}/v1/users ${json} -d '{"email":"ada@example.test","password":"a-long-password","name":"Ada"}'; echo
TOKEN=$(curl -s ${url}/v1/sessions ${json} -d '{"email":"ada@example.test","password":"a-long-password"}' | ${get("accessToken")})

# what is on sale
curl -s "${url}/v1/events?limit=5&startsFrom=$(date -u +%Y-%m-%dT%H:00:00Z)"; echo
curl -s ${url}/v1/events/${event.id}/availability; echo

# hold two tickets, then pay for them
ID=$(curl -s ${url}/v1/reservations ${json} -H "authorization: Bearer $TOKEN" -H "idempotency-key: hold-$RANDOM$RANDOM" -d '{"eventId":"${event.id}","items":[${item}]}' | ${get("id")})
curl -s ${url}/v1/reservations/$ID/confirm ${json} -H "authorization: Bearer $TOKEN" -H "idempotency-key: pay-$ID" -d '{"paymentReference":"card-1"}'; echo

# the same service that the BFF calls by gRPC, by hand (Connect JSON)
curl -s http://localhost:${ports.inventoryHttp}/tessera.inventory.v1.InventoryService/ListEvents ${json} -d '{"pageSize":5}'; echo

Ready. Ctrl-C stops everything; the data is kept for the next "npm start".
`;
}
