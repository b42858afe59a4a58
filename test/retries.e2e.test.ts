import { ConnectError } from "@connectrpc/connect";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { ReservationService } from "@tessera/proto/reservation/v1/reservation_service_pb";
import { UserService } from "@tessera/proto/user/v1/user_service_pb";
import { toServiceError } from "@tessera/service-kit/connect-error";
import { ServiceError } from "@tessera/service-kit/service-error";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { type Clients, MUTATIONS } from "./mutations.ts";
import { Random } from "./prove/random.ts";
import { TcpLink } from "./prove/world/tcp-link.ts";
import { useClients } from "./rpc.ts";
import { useSharedSystem } from "./shared-system.ts";
import { metricOf } from "./watch.ts";

/** What a caller is asked to try again: the first try is running, or the connection was cut. */
const AGAIN = new Set(["REQUEST_IN_PROGRESS", "DEPENDENCY_UNAVAILABLE"]);

describe("what the mesh delivers again", () => {
  const system = useSharedSystem();
  const clientOf = useClients();
  let clients: Clients;
  let lossyClients: Clients;
  let links: Record<keyof Clients, TcpLink>;

  before(async () => {
    const portOf = (service: keyof Clients) => system.processes[service][0]?.port("grpcPort") ?? 0;
    const linkTo = (service: keyof Clients) =>
      TcpLink.open({ targets: () => [portOf(service)], random: new Random(1) });
    links = {
      "inventory-svc": await linkTo("inventory-svc"),
      "reservation-svc": await linkTo("reservation-svc"),
      "user-svc": await linkTo("user-svc"),
    };
    clients = clientsOf(portOf);
    lossyClients = clientsOf((service) => Number(links[service].address.split(":")[1]));
    // The connections are made: only replies can be lost now.
    await lossyClients["inventory-svc"].listEvents({});
    await lossyClients["user-svc"].listSigningKeys({});
    const headers = { "x-tessera-user-id": "00000000-0000-4000-8000-000000000000" };
    await lossyClients["reservation-svc"].listReservations({}, { headers });
  });
  after(async () => {
    await Promise.all(Object.values(links ?? {}).map((link) => link.close()));
  });

  function clientsOf(portOf: (service: keyof Clients) => number): Clients {
    return {
      "inventory-svc": clientOf(InventoryService, portOf("inventory-svc")),
      "reservation-svc": clientOf(ReservationService, portOf("reservation-svc")),
      "user-svc": clientOf(UserService, portOf("user-svc")),
    };
  }

  for (const { rpc, service, prepare } of MUTATIONS) {
    it(`is done once: ${rpc}, twice at the same time`, async () => {
      const { send, effect, once } = await prepare(clients);
      const [one, other] = await Promise.all([
        finalAnswer(() => send(clients)),
        finalAnswer(() => send(clients)),
      ]);
      expect(one).to.deep.equal(other);
      expect(await finalAnswer(() => send(clients))).to.deep.equal(one);
      expect(await effect()).to.deep.equal(once);
    });

    it(`is done once: ${rpc}, again after its reply was lost`, async () => {
      const { send, effect, once } = await prepare(clients);
      const link = links[service];
      const handled = () =>
        metricOf(system.processes[service][0], "grpc_server_handled_total", `"${rpc}"`);
      const before = await handled();
      link.impair({ kind: "lose-replies" });
      const lost = send(lossyClients).then(
        () => "an answer",
        (reason: unknown) => reasonOf(reason),
      );
      await until(`${rpc} is done`, async () => (await handled()) > before);
      // The reply may be still on its way, so that healing alone would let it through.
      link.impair({ kind: "cut", everyMs: 60_000 });
      link.heal();
      expect(await lost).to.equal("DEPENDENCY_UNAVAILABLE");

      const again = await finalAnswer(() => send(lossyClients));
      expect(await finalAnswer(() => send(lossyClients))).to.deep.equal(again);
      expect(await effect()).to.deep.equal(once);
    });
  }
});

/** Sends again while the answer is to try again. */
async function finalAnswer(send: () => Promise<unknown>): Promise<unknown> {
  const { answer } = await until("a final answer", async () => {
    try {
      return { answer: await send() };
    } catch (reason) {
      if (AGAIN.has(reasonOf(reason))) {
        return undefined;
      }
      throw reason;
    }
  });
  return answer;
}

function reasonOf(reason: unknown): string {
  return reason instanceof ServiceError
    ? reason.reason
    : toServiceError(ConnectError.from(reason)).reason;
}
