import { randomUUID } from "node:crypto";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  type Client,
  Code,
  createClient,
  createRouterTransport,
  type Interceptor,
} from "@connectrpc/connect";
import { Reservation_State } from "@tessera/proto/reservation/v1/reservation_pb";
import { ReservationService } from "@tessera/proto/reservation/v1/reservation_service_pb";
import { toConnectError } from "@tessera/service-kit/connect-error";
import { ServiceError } from "@tessera/service-kit/service-error";
import { failureOf } from "@tessera/testkit/call-failure";
import { expect } from "chai";
import type { FailedEntry } from "../src/grpc/entry-failure.ts";
import { reservationService } from "../src/grpc/reservation-service.ts";
import { useReservations } from "./use-reservations.ts";

describe("ReservationService", () => {
  const system = useReservations();
  const { ledger } = system;
  const outcomes: string[] = [];
  const failures: [unknown, FailedEntry][] = [];
  let client: Client<typeof ReservationService>;

  before(() => {
    const replica = system.newReplica();
    const implementation = reservationService({
      store: replica.store,
      finder: replica.finder,
      lists: replica.lists,
      changes: replica.cancelDeps.changes,
      ledger,
      createReservation: replica.createReservation,
      confirmReservation: replica.confirmReservation,
      cancel: replica.cancelDeps,
      defaultTimeoutMs: 5_000,
      onReserve: (outcome) => outcomes.push(outcome),
      onEntryFailure: (reason, entry) => failures.push([reason, entry]),
    });
    const transport = createRouterTransport(
      (router) => void router.service(ReservationService, implementation),
      { router: { interceptors: [translateErrors] } },
    );
    client = createClient(ReservationService, transport);
  });
  beforeEach(() => {
    outcomes.length = 0;
    failures.length = 0;
  });

  function entryFor(event: { eventId: string; types: string[] }, userId: string = randomUUID()) {
    const items = [{ ticketTypeId: event.types[0] ?? "", quantity: 1 }];
    return { requestId: randomUUID(), userId, eventId: event.eventId, items };
  }

  async function reserve(event: { eventId: string; types: string[] }, userId?: string) {
    const { results } = await client.batchCreateReservations({
      entries: [entryFor(event, userId)],
    });
    const outcome = results[0]?.outcome;
    if (outcome?.case !== "reservation") {
      throw new Error(`not reserved: ${outcome?.value?.reason}`);
    }
    return outcome.value;
  }

  it("takes a reservation from its making to its end", async () => {
    const event = ledger.addEvent();
    const reservation = await reserve(event);
    const { id, userId } = reservation;
    const options = { headers: { "x-tessera-user-id": userId } };
    expect(reservation.state).to.equal(Reservation_State.HELD);
    expect(reservation.total).to.include({ amountMinor: 2_500n, currencyCode: "EUR" });
    await system.nextMillisecond();

    const change = { requestId: randomUUID(), reservationId: id };
    const extended = await client.extendReservation(change, options);
    expect(extended.reservation?.extendCount).to.equal(1);
    expect(extended.serverTime).not.to.equal(undefined);

    const { results } = await client.batchConfirmReservations({
      entries: [{ ...change, userId, paymentReference: "pay-1" }],
    });
    expect(results[0]).to.include({ reacquired: false, replayed: false });
    const got = await client.getReservation({ reservationId: id }, options);
    expect(got.reservation).to.include({
      state: Reservation_State.CONFIRMED,
      paymentReference: "pay-1",
    });
    const time = got.serverTime === undefined ? new Date(0) : timestampDate(got.serverTime);
    expect(Math.abs(time.getTime() - Date.now())).to.be.lessThan(60_000);

    const cancelled = await client.cancelReservation(change, options);
    expect(cancelled.reservation?.state).to.equal(Reservation_State.CANCELLED);
    expect(await client.cancelReservation(change, options)).to.include({ replayed: true });
    const { reservations, serverTime } = await client.listReservations({}, options);
    expect(reservations.map((one) => one.id)).to.deep.equal([id]);
    // The database's, which goes by the same clock here.
    expect(Number(serverTime?.seconds)).to.be.at.least(Number(got.serverTime?.seconds));
  });

  const single: Readonly<Record<string, (headers: Record<string, string>) => Promise<unknown>>> = {
    cancelReservation: (headers) => client.cancelReservation(someChange(), { headers }),
    extendReservation: (headers) => client.extendReservation(someChange(), { headers }),
    getReservation: (headers) => client.getReservation(someChange(), { headers }),
    listReservations: (headers) => client.listReservations({}, { headers }),
  };
  for (const [name, call] of Object.entries(single)) {
    it(`refuses ${name} when the call does not say whose it is`, async () => {
      for (const headers of [{}, { "x-tessera-user-id": "me" }]) {
        expect(await failureOf(call(headers as Record<string, string>))).to.include({
          code: Code.Unauthenticated,
          reason: "UNAUTHENTICATED",
        });
      }
    });
  }

  it("names the field of a malformed single call", async () => {
    const options = { headers: { "x-tessera-user-id": randomUUID() } };
    const failure = await failureOf(client.getReservation({ reservationId: "1" }, options));
    expect(failure).to.include({ code: Code.InvalidArgument, reason: "INVALID_FIELD" });
    expect(failure.metadata.field).to.equal("reservation_id");
  });

  it("takes batches of 1 to 500 entries", async () => {
    const event = ledger.addEvent();
    for (const count of [0, 501]) {
      const entries = Array.from({ length: count }, () => entryFor(event));
      const created = await failureOf(client.batchCreateReservations({ entries }));
      expect(created.metadata.field).to.equal("entries");
      const confirms = entries.map(({ requestId, userId }) => ({ requestId, userId }));
      const confirmed = await failureOf(client.batchConfirmReservations({ entries: confirms }));
      expect(confirmed.metadata.field).to.equal("entries");
      const got = await failureOf(client.batchGetReservations({ entries: confirms }));
      expect(got.metadata.field).to.equal("entries");
    }
    expect(ledger.stockOf(event.eventId).held).to.equal(0);
  });

  it("lists 1 to 20 pages at once", async () => {
    for (const count of [0, 21]) {
      const entries = Array.from({ length: count }, () => ({ userId: randomUUID() }));
      const listed = await failureOf(client.batchListReservations({ entries }));
      expect(listed.metadata.field).to.equal("entries");
    }
    const entries = Array.from({ length: 20 }, () => ({ userId: randomUUID() }));
    const { results } = await client.batchListReservations({ entries });
    expect(results.map(({ outcome }) => outcome.case)).to.deep.equal(Array(20).fill("page"));
  });

  it("reads for many users at once, and gives each what is his or says why not", async () => {
    const event = ledger.addEvent();
    const [ann, bob] = [await reserve(event), await reserve(event)];
    const got = await client.batchGetReservations({
      entries: [
        { userId: ann.userId, reservationId: ann.id },
        { userId: ann.userId, reservationId: bob.id },
        { userId: bob.userId, reservationId: "1" },
        { userId: "bob", reservationId: bob.id },
        { userId: bob.userId, reservationId: bob.id },
        { userId: ann.userId, reservationId: ann.id },
      ],
    });
    const told = got.results.map(({ outcome }) =>
      outcome.case === "found"
        ? outcome.value.reservation?.id
        : [outcome.value?.reason, outcome.value?.metadata.field],
    );
    expect(told).to.deep.equal([
      ann.id,
      ["RESERVATION_NOT_FOUND", undefined],
      ["INVALID_FIELD", "reservation_id"],
      ["INVALID_FIELD", "user_id"],
      bob.id,
      ann.id,
    ]);
    const own = { headers: { "x-tessera-user-id": ann.userId } };
    const alone = await client.getReservation({ reservationId: ann.id }, own);
    const first = got.results[0]?.outcome;
    expect(first?.case === "found" && first.value.reservation).to.deep.equal(alone.reservation);

    const listed = await client.batchListReservations({
      entries: [
        { userId: ann.userId },
        { userId: bob.userId, pageSize: -1 },
        { userId: bob.userId, pageToken: "x" },
        { userId: "" },
        { userId: bob.userId },
      ],
    });
    const pages = listed.results.map(({ outcome }) =>
      outcome.case === "page"
        ? outcome.value.reservations.map(({ id }) => id)
        : [outcome.value?.reason, outcome.value?.metadata.field],
    );
    expect(pages).to.deep.equal([
      [ann.id],
      ["INVALID_FIELD", "page_size"],
      ["INVALID_PAGE_TOKEN", "page_token"],
      ["INVALID_FIELD", "user_id"],
      [bob.id],
    ]);
  });

  it("lets a bad entry fail alone, in its place", async () => {
    const event = ledger.addEvent();
    const entries = [entryFor(event), { ...entryFor(event), items: [] }, entryFor(event)];
    const { results } = await client.batchCreateReservations({ entries });
    expect(results.map(({ outcome }) => outcome.case)).to.deep.equal([
      "reservation",
      "error",
      "reservation",
    ]);
    const [, second] = results;
    const error = second?.outcome.case === "error" ? second.outcome.value : undefined;
    expect(error).to.deep.include({ code: Code.InvalidArgument, reason: "INVALID_FIELD" });
    expect(error?.metadata.field).to.equal("items");
    expect(outcomes.sort()).to.deep.equal(["INVALID_FIELD", "reserved", "reserved"]);
    const again = await client.batchCreateReservations({ entries: entries.slice(0, 1) });
    expect(again.results[0]).to.include({ replayed: true });
    expect(outcomes.at(-1)).to.equal("replayed");

    const { reservation } = await confirmable(event);
    const confirms = [{ ...reservation, paymentReference: "" }, reservation];
    const answer = await client.batchConfirmReservations({ entries: confirms });
    expect(answer.results.map(({ outcome }) => outcome.case)).to.deep.equal([
      "error",
      "reservation",
    ]);
    expect(failures).to.deep.equal([]);
  });

  it("says nothing of a bug in an entry, and tells its own people all of it", async () => {
    const event = ledger.addEvent();
    const { reservation } = await confirmable(event);
    const bug = new TypeError("hunter2 is undefined");
    ledger.before = () => Promise.reject(bug);
    const options = { headers: { "x-request-id": "r-9" } };
    const created = await client.batchCreateReservations({ entries: [entryFor(event)] }, options);
    const confirmed = await client.batchConfirmReservations({ entries: [reservation] }, options);
    for (const { outcome } of [...created.results, ...confirmed.results]) {
      const error = outcome.case === "error" ? outcome.value : undefined;
      expect(error).to.include({ reason: "INTERNAL", message: "internal error" });
    }
    const { eventId } = event;
    const { reservationId } = reservation;
    expect(failures).to.deep.equal([
      [bug, { requestId: "r-9", eventId, reservationId: undefined }],
      [bug, { requestId: "r-9", eventId: undefined, reservationId }],
    ]);
  });

  it("tells its own people of an outage in a batch once, and of no refusal", async () => {
    const [event, full] = [ledger.addEvent(), ledger.addEvent({ capacity: 0 })];
    const outage = new ServiceError("DEPENDENCY_UNAVAILABLE", "mysql is unavailable");
    const refused = await client.batchCreateReservations({ entries: [entryFor(full)] });
    expect(refused.results[0]?.outcome.value).to.include({ reason: "SOLD_OUT" });
    ledger.before = () => Promise.reject(outage);
    const entries = [entryFor(event), entryFor(event), { ...entryFor(event), userId: "me" }];
    await client.batchCreateReservations({ entries }, { headers: { "x-request-id": "r-9" } });
    const entry = { requestId: "r-9", eventId: event.eventId, reservationId: undefined };
    expect(failures).to.deep.equal([[outage, entry]]);
  });

  async function confirmable(event: { eventId: string; types: string[] }) {
    const { id, userId } = await reserve(event);
    const requestId = randomUUID();
    return { reservation: { requestId, userId, reservationId: id, paymentReference: "pay-1" } };
  }
});

function someChange() {
  return { requestId: randomUUID(), reservationId: randomUUID() };
}

/** As the server does it. */
const translateErrors: Interceptor = (next) => async (request) => {
  try {
    return await next(request);
  } catch (thrown) {
    throw toConnectError(thrown, "reservation.tessera");
  }
};
