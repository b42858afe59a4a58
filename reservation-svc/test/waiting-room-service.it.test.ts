import { randomUUID } from "node:crypto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type Client,
  ConnectError,
  createClient,
  createRouterTransport,
} from "@connectrpc/connect";
import { passKeysOf, verifyPass } from "@tessera/admission-pass";
import {
  type Place,
  Place_State,
  Place_StockHint,
} from "@tessera/proto/reservation/v1/waiting_room_pb";
import { WaitingRoomService } from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import { toConnectError, toServiceError } from "@tessera/service-kit/connect-error";
import { ServiceError } from "@tessera/service-kit/service-error";
import { expect } from "chai";
import { commitmentOf, drawNumberOf } from "../src/app/draw.ts";
import { Sales } from "../src/app/sales.ts";
import { WaitingRooms } from "../src/app/waiting-rooms.ts";
import type { FailedEntry } from "../src/grpc/entry-failure.ts";
import { waitingRoomService } from "../src/grpc/waiting-room-service.ts";
import type { RedisWaitingRoomStore } from "../src/redis/redis-waiting-room-store.ts";
import { MemorySales } from "./memory-sales.ts";
import {
  hoursFromNow,
  openRoom,
  PLENTY,
  people,
  useWaitingRoomStores,
} from "./use-waiting-room.ts";

const KEYS = passKeysOf(["a secret that signs the passes of these tests"]);

describe("WaitingRoomService", () => {
  const stores = useWaitingRoomStores();
  const source = new MemorySales();
  const told = { joins: [] as string[], polls: [] as string[], failures: [] as unknown[] };
  let store: RedisWaitingRoomStore;
  let client: Client<typeof WaitingRoomService>;

  before(async () => {
    store = await stores.newStore({ maxPeople: 100 });
    const waitingRooms = new WaitingRooms({
      store,
      sales: new Sales(source),
      passKeys: KEYS,
      observer: {
        joined: (outcome) => told.joins.push(outcome),
        polled: (outcome) => told.polls.push(outcome),
      },
    });
    const onEntryFailure = (_reason: unknown, { eventId }: FailedEntry) =>
      told.failures.push(eventId);
    const app = { waitingRooms, onEntryFailure };
    const transport = createRouterTransport(
      (router) => void router.service(WaitingRoomService, waitingRoomService(app)),
      {
        router: {
          interceptors: [
            (next) => (request) =>
              next(request).catch((reason) => {
                throw toConnectError(reason, "test");
              }),
          ],
        },
      },
    );
    client = createClient(WaitingRoomService, transport);
  });
  beforeEach(() => {
    source.before = () => Promise.resolve();
    told.joins.length = 0;
    told.polls.length = 0;
  });

  const newRoom = (part: Parameters<typeof openRoom>[0] = {}, times: object = {}) => {
    const room = { ...openRoom(part), ...times };
    source.add(room);
    return room;
  };
  const as = (userId: string) => ({ headers: { "x-tessera-user-id": userId } });

  it("gives each of many people a place at their event, and says what is new", async () => {
    const [here, there] = [newRoom(), newRoom()];
    const [one, two] = people(2) as [string, string];
    const entries = [
      { userId: one, eventId: here.eventId },
      { userId: one, eventId: there.eventId },
      { userId: two, eventId: here.eventId },
      { userId: one, eventId: here.eventId },
    ];
    const { results } = await client.batchJoinWaitingRooms({ entries });
    expect(results.map(({ created }) => created)).to.deep.equal([true, true, true, false]);
    const places = results.map(({ outcome }) => placeOf(outcome));
    expect(places.map(({ position, ahead }) => [position, ahead])).to.deep.equal([
      ...[
        [1, 0],
        [1, 0],
        [2, 1],
        [1, 0],
      ],
    ]);
    expect(places[2]).to.deep.include({
      eventId: here.eventId,
      userId: two,
      state: Place_State.WAITING,
      stockHint: Place_StockHint.PLENTY,
      storeLost: false,
      admissionPass: "",
    });
    expect(places[2]?.pollAfter).to.deep.include({ seconds: 1n, nanos: 0 });
    expect(told.joins).to.deep.equal(["created", "created", "created", "kept"]);
  });

  it("hands an admitted person a pass that is theirs, the same one each time", async () => {
    const room = newRoom();
    const [userId] = people(1) as [string];
    const entries = [{ userId, eventId: room.eventId }];
    await client.batchJoinWaitingRooms({ entries });
    await store.admit(room, PLENTY);
    const [first, again] = [await pollOne(entries), await pollOne(entries)];
    expect(first).to.deep.include({ state: Place_State.ADMITTED, position: 0 });
    expect(first.pollAfter).to.equal(undefined);
    expect(again.admissionPass).to.equal(first.admissionPass);
    const claims = await verifyPass(first.admissionPass, { ...room, userId }, KEYS);
    expect(claims.expireTime.getTime()).to.equal(Number(first.passExpireTime?.seconds) * 1000);
    // Fetched just then: a whole pass is left, to the whole second.
    const leftMs = claims.expireTime.getTime() - timestampMs(first.serverTime ?? expect.fail());
    expect(leftMs).to.be.within(600_000, 600_999);
    expect(told.polls).to.deep.equal(["admitted", "admitted"]);
  });

  it("refuses each bad entry for itself", async () => {
    const room = newRoom();
    const closed = newRoom({}, { closeTime: hoursFromNow(-0.5) });
    const plain = { ...openRoom(), rules: undefined };
    source.add(plain);
    const [userId] = people(1) as [string];
    const entries = [
      { userId, eventId: room.eventId },
      { userId: "ann", eventId: room.eventId },
      { userId, eventId: "tonight" },
      { userId, eventId: randomUUID() },
      { userId, eventId: plain.eventId },
      { userId, eventId: closed.eventId },
    ];
    const joined = await client.batchJoinWaitingRooms({ entries });
    const bad = ["INVALID_FIELD", "INVALID_FIELD", "EVENT_NOT_FOUND", "NO_WAITING_ROOM"];
    expect(joined.results.map(reasonIn)).to.deep.equal(["none", ...bad, "SALES_CLOSED"]);
    const polled = await client.batchPollPlaces({ entries });
    expect(polled.results.map(reasonIn)).to.deep.equal(["none", ...bad, "PLACE_NOT_FOUND"]);
    for (const call of [client.batchJoinWaitingRooms, client.batchPollPlaces]) {
      expect(await reasonOf(call({ entries: [] }))).to.equal("INVALID_FIELD");
      const many = Array.from({ length: 501 }, () => entries[0] ?? {});
      expect(await reasonOf(call({ entries: many }))).to.equal("INVALID_FIELD");
    }
    expect(told.failures).to.deep.equal([]);
  });

  it("refuses whom the room has no space for, and tells a bug for what it is", async () => {
    const room = newRoom();
    const entries = people(101).map((userId) => ({ userId, eventId: room.eventId }));
    const { results } = await client.batchJoinWaitingRooms({ entries });
    expect(reasonIn(results[100] ?? expect.fail())).to.equal("WAITING_ROOM_FULL");
    source.before = () => Promise.reject(new TypeError("a bug"));
    const eventId = randomUUID();
    const failed = await client.batchPollPlaces({ entries: [{ ...entries[0], eventId }] });
    expect(reasonIn(failed.results[0] ?? expect.fail())).to.equal("INTERNAL");
    expect(told.failures.splice(0)).to.deep.equal([eventId]);
  });

  it("says that little, or nothing, is left", async () => {
    const room = openRoom();
    const [userId] = people(1) as [string];
    const entries = [{ userId, eventId: room.eventId }];
    source.add(room, { capacity: 100, available: 10, held: 0 });
    const { results } = await client.batchJoinWaitingRooms({ entries });
    expect(placeOf(results[0]?.outcome).stockHint).to.equal(Place_StockHint.LOW);
  });

  it("publishes the commitment, then the seed; each can check their own number", async () => {
    const room = newRoom({}, { openTime: hoursFromNow(0.5) });
    const { eventId } = room;
    const before = (await client.getDraw({ eventId })).draw;
    expect(before).to.deep.include({ eventId, seed: "", entrants: 0 });
    const [userId, late] = people(2) as [string, string];
    await client.batchJoinWaitingRooms({ entries: [{ userId, eventId }] });
    const early = await client.getDrawNumber({ eventId }, as(userId)).catch(toReason);
    expect(early).to.equal("DRAW_NOT_YET");
    // The same room at another hour: what is read of a sale is remembered for a while.
    const opened = { ...room, openTime: new Date() };
    const seed = (await store.draw(opened))?.seed ?? Buffer.alloc(0);
    expect(commitmentOf(seed)).to.equal(before?.commitment);
    expect(await store.drawNumber(opened, userId)).to.equal(
      drawNumberOf(seed, userId).readUIntBE(0, 6),
    );
    expect(await store.drawNumber(opened, late)).to.equal("none");
  });

  it("answers for a draw that was made", async () => {
    const room = openRoom();
    const { eventId } = room;
    const [userId, late] = people(2) as [string, string];
    await store.join({ ...room, openTime: hoursFromNow(0.1) }, [userId], { isAllGone: false });
    source.add(room);
    await client.batchJoinWaitingRooms({ entries: [{ userId: late, eventId }] });
    const { draw } = await client.getDraw({ eventId });
    const seed = Buffer.from(draw?.seed ?? "", "hex");
    expect(draw).to.deep.include({ commitment: commitmentOf(seed), entrants: 1 });
    const { drawNumber } = await client.getDrawNumber({ eventId }, as(userId));
    expect(Number(drawNumber)).to.equal(drawNumberOf(seed, userId).readUIntBE(0, 6));
    const messageFor = async (one: string) => {
      const failure = await client.getDrawNumber({ eventId }, as(one)).catch(ConnectError.from);
      return failure instanceof Error && [toReason(failure), failure.rawMessage];
    };
    const [stranger] = people(1) as [string];
    expect([await messageFor(late), await messageFor(stranger)]).to.deep.equal([
      ["PLACE_NOT_FOUND", "you joined after the draw: there is no number"],
      ["PLACE_NOT_FOUND", "no place in the event's waiting room"],
    ]);
  });

  it("forgets the draw of a sale that is long over, and says so", async () => {
    const { eventId } = newRoom({}, { closeTime: hoursFromNow(-0.5) });
    expect(await reasonOf(client.getDraw({ eventId }))).to.equal("NO_WAITING_ROOM");
  });

  it("lets people leave, who need not be there", async () => {
    const { eventId } = newRoom();
    const [userId] = people(1) as [string];
    await client.batchJoinWaitingRooms({ entries: [{ userId, eventId }] });
    await client.leaveWaitingRoom({ eventId }, as(userId));
    await client.leaveWaitingRoom({ eventId }, as(userId));
    const { results } = await client.batchPollPlaces({ entries: [{ userId, eventId }] });
    expect(reasonIn(results[0] ?? expect.fail())).to.equal("PLACE_NOT_FOUND");
  });

  it("wants to know who calls, and of which event", async () => {
    const [userId] = people(1) as [string];
    const eventId = randomUUID();
    const leave = client.leaveWaitingRoom;
    expect(await reasonOf(leave({ eventId }))).to.equal("UNAUTHENTICATED");
    expect(await reasonOf(leave({ eventId: "x" }, as(userId)))).to.equal("INVALID_FIELD");
    expect(await reasonOf(leave({ eventId }, as(userId)))).to.equal("EVENT_NOT_FOUND");
    expect(await reasonOf(client.getDraw({ eventId: "x" }))).to.equal("INVALID_FIELD");
    expect(await reasonOf(client.getDrawNumber({ eventId }))).to.equal("UNAUTHENTICATED");
  });

  async function pollOne(entries: { userId: string; eventId: string }[]): Promise<Place> {
    const { results } = await client.batchPollPlaces({ entries });
    return placeOf(results[0]?.outcome);
  }
});

interface Outcome {
  case: string | undefined;
  value?: unknown;
}

function placeOf(outcome: Outcome | undefined): Place {
  expect(outcome?.case).to.equal("place");
  return outcome?.value as Place;
}

function reasonIn({ outcome }: { outcome: Outcome }): string {
  return outcome.case === "error" ? (outcome.value as { reason: string }).reason : "none";
}

function toReason(failure: unknown): string {
  const error = failure instanceof ConnectError ? toServiceError(failure) : failure;
  return error instanceof ServiceError ? error.reason : String(error);
}

function reasonOf(call: Promise<unknown>): Promise<string> {
  return call.then(() => "none", toReason);
}
