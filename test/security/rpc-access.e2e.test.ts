import type { DescService } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { ReservationService } from "@tessera/proto/reservation/v1/reservation_service_pb";
import { WaitingRoomService } from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import { UserService } from "@tessera/proto/user/v1/user_service_pb";
import { toServiceError } from "@tessera/service-kit/connect-error";
import { ServiceError } from "@tessera/service-kit/service-error";
import { expect } from "chai";
import { call } from "../rest.ts";
import { useClients } from "../rpc.ts";
import { useSharedSystem } from "../shared-system.ts";
import { treeFiles } from "../tree.ts";
import { adminUrl } from "../watch.ts";
import { newCast } from "./cast.ts";
import { RPCS, type Stage } from "./rpc-access.ts";

const SERVICES: readonly DescService[] = [
  InventoryService,
  ReservationService,
  WaitingRoomService,
  UserService,
];

/** What is no user. */
const GARBAGE = [
  "",
  "me",
  "0",
  "' OR '1'='1",
  "../..",
  "__proto__",
  "00000000-0000-4000-8000-00000000000g",
  "00000000000040008000000000000000",
];

describe("every RPC", () => {
  const system = useSharedSystem();
  const clientOf = useClients();
  let stage: Stage;
  before(async () => {
    const port = (name: Exclude<keyof typeof system.processes, "bff">) =>
      system.processes[name][0]?.port("grpcPort") ?? 0;
    stage = {
      ...(await newCast(system)),
      inventory: clientOf(InventoryService, port("inventory-svc")),
      reservations: clientOf(ReservationService, port("reservation-svc")),
      rooms: clientOf(WaitingRoomService, port("reservation-svc")),
      users: clientOf(UserService, port("user-svc")),
    };
  });

  const claim = (userId: string) => ({ headers: { "x-tessera-user-id": userId } });

  // A new RPC: say in rpc-access.ts on whose behalf it acts.
  it("is known here", () => {
    const methods = SERVICES.flatMap(({ name, methods: all }) =>
      all.map((method) => `${name}.${method.name}`),
    );
    expect(Object.keys(RPCS).sort()).to.deep.equal(methods.sort());
    const declared = treeFiles()
      .filter(({ path }) => path.endsWith(".proto"))
      .flatMap(({ text }) => [...text.matchAll(/^service (\w+)/gm)].map(([, name]) => name));
    expect(SERVICES.map(({ name }) => name).sort()).to.deep.equal(declared.sort());
  });

  for (const [name, access] of Object.entries(RPCS)) {
    if (access.user === "none") {
      continue;
    }
    const { user, stranger, owner = "OK", ownedBy = "owner", prepare } = access;
    it(`acts for the user ${user}, on what is theirs: ${name}`, async () => {
      const send = await prepare(stage);
      const ids = { stranger: stage.stranger.userId, owner: stage[ownedBy].userId };
      if (user === "in metadata") {
        // A stranger who says nothing, and nonsense: the message alone moves nothing.
        expect(await outcomeOf(send(ids.owner, {}))).to.equal("UNAUTHENTICATED");
        for (const userId of [...GARBAGE, `${ids.owner}, ${ids.owner}`]) {
          const outcome = await outcomeOf(send(ids.owner, claim(userId)));
          expect([userId, outcome]).to.deep.equal([userId, "UNAUTHENTICATED"]);
        }
      } else {
        // The metadata names the owner; it is the message that counts.
        for (const userId of GARBAGE) {
          const outcome = await outcomeOf(send(userId, claim(ids.owner)));
          expect([userId, outcome]).to.deep.equal([userId, "INVALID_FIELD"]);
        }
      }
      const outcomes = [
        await outcomeOf(send(ids.stranger, claim(ids.stranger))),
        await outcomeOf(send(ids.owner, claim(ids.owner))),
      ];
      expect(outcomes).to.deep.equal([stranger, owner]);
    });
  }

  it("that lists, lists what is the user's", async () => {
    const { body } = await stage.owner.reserve(stage.event);
    const idsOf = async (userId: string) => {
      const { reservations } = await stage.reservations.listReservations({}, claim(userId));
      return reservations.map(({ id }) => id);
    };
    expect(await idsOf(stage.owner.userId)).to.include(body.id);
    expect(await idsOf(stage.stranger.userId)).not.to.include(body.id);
  });

  it("asks the same of callers who speak JSON", async () => {
    const address = adminUrl(system.processes["reservation-svc"][0]);
    const path = `/${ReservationService.typeName}/ListReservations`;
    for (const headers of [{}, { "x-tessera-user-id": "me" }]) {
      const { status, text } = await call(address + path, { body: {}, headers });
      expect([status, text.includes("UNAUTHENTICATED")]).to.deep.equal([401, true]);
    }
  });
});

/** `OK`, or the reason of the refusal. */
async function outcomeOf(sending: Promise<unknown>): Promise<string> {
  try {
    await sending;
    return "OK";
  } catch (thrown) {
    const isEntry = thrown instanceof ServiceError;
    return (isEntry ? thrown : toServiceError(ConnectError.from(thrown))).reason;
  }
}
