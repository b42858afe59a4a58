import { timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, createRouterTransport, type ServiceImpl } from "@connectrpc/connect";
import {
  Allocation_State,
  InventoryService,
} from "@tessera/proto/inventory/v1/inventory_service_pb";
import { toConnectError } from "@tessera/service-kit/connect-error";
import { ServiceError } from "@tessera/service-kit/service-error";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import type { Reservation } from "../domain/reservation.ts";
import { InventoryLedger } from "./inventory-ledger.ts";

const STOCK = { eventId: "e", version: 7n, ticketTypes: [{ ticketTypeId: "t", available: 3 }] };
const LEVELS = { eventId: "e", version: 7, available: new Map([["t", 3]]) };
const SOLD_OUT = { code: 9, reason: "SOLD_OUT", message: "gone", metadata: { ticketTypeId: "t" } };

describe("InventoryLedger", () => {
  it("sends wishes in order with the token, and reads each answer", async () => {
    const ledger = ledgerOver({
      batchAllocate: (request, context) => {
        expect(request).to.deep.include({ eventId: "e", fencingToken: 41n });
        expect(request.entries.map(({ allocationId }) => allocationId)).to.deep.equal([
          "1",
          "2",
          "3",
        ]);
        expect(request.entries[0]?.items[0]).to.include({ ticketTypeId: "t", quantity: 2 });
        expect(context.requestHeader.get("x-request-id")).to.equal("r");
        expect(context.timeoutMs()).to.be.within(1, 1_000);
        const total = { amountMinor: 500n, currencyCode: "EUR" };
        const first = { allocateTime: timestampFromMs(1), expireTime: timestampFromMs(2) };
        return {
          results: [
            { outcome: { case: "grant", value: { total } } },
            { outcome: { case: "grant", value: { total, replayed: true, ...first } } },
            { outcome: { case: "error", value: SOLD_OUT } },
          ],
          allocateTime: timestampFromMs(10),
          expireTime: timestampFromMs(20),
          stock: STOCK,
        };
      },
    });
    const wishes = ["1", "2", "3"].map((allocationId) => ({
      allocationId,
      userId: "u",
      items: [{ ticketTypeId: "t", quantity: 2 }],
    }));
    const call = { timeoutMs: 1_000, requestId: "r" };
    const { answers, stock } = await ledger.allocate({ eventId: "e", token: 41, wishes }, call);
    const grant = { totalMinor: 500, currency: "EUR" };
    expect(answers.slice(0, 2)).to.deep.equal([
      { ...grant, isReplay: false, allocateTime: new Date(10), expireTime: new Date(20) },
      { ...grant, isReplay: true, allocateTime: new Date(1), expireTime: new Date(2) },
    ]);
    expect(answers[2]).to.be.instanceOf(ServiceError).and.to.include({ reason: "SOLD_OUT" });
    expect(stock).to.deep.equal(LEVELS);
  });

  it("does not send what waited for its turn until nobody waited for it", async () => {
    const sent: string[] = [];
    const gate = Promise.withResolvers<void>();
    const ledger = ledgerOver({
      batchAllocate: async ({ eventId }) => {
        sent.push(eventId);
        await gate.promise;
        return {};
      },
    });
    const allocate = (eventId: string, timeoutMs: number) =>
      ledger
        .allocate({ eventId, token: 0, wishes: [] }, { timeoutMs })
        .catch((reason: unknown) => reason);
    const running: Promise<unknown>[] = [];
    for (const eventId of ["1", "2", "3", "4"]) {
      running.push(allocate(eventId, 60_000));
      await until(`${eventId} is sent`, () => sent.length === running.length);
    }
    const late = allocate("5", 1);
    const deadline = performance.now() + 1;
    await until("nobody waits for it", () => performance.now() > deadline, { everyMs: 1 });
    gate.resolve();
    expect(await late).to.include({ reason: "DEADLINE_EXCEEDED" });
    await Promise.all(running);
    expect(sent).to.deep.equal(["1", "2", "3", "4"]);
  });

  it("finds what was granted, and whether it has its units", async () => {
    const states = { a: "HELD", b: "COMMITTED", c: "RELEASED", d: "VOIDED" } as const;
    const ledger = ledgerOver({
      batchGetAllocations: ({ allocationIds }) => ({
        allocations: Object.entries(states)
          .filter(([allocationId]) => allocationIds.includes(allocationId))
          .map(([allocationId, state]) => ({ allocationId, state: Allocation_State[state] })),
      }),
    });
    const found = await ledger.find(["a", "b", "c", "d", "e"], {});
    expect([...found].map(([id, { hasUnits }]) => [id, hasUnits])).to.deep.equal([
      ["a", true],
      ["b", true],
      ["c", false],
      ["d", false],
    ]);
  });

  it("does not take a failure to look for nothing that was granted", async () => {
    const away = ledgerOver({
      batchGetAllocations: () => {
        throw toConnectError(new ServiceError("OVERLOADED", "full"), "inventory.tessera");
      },
    });
    const failure = await away.find(["a"], {}).catch((reason: unknown) => reason);
    expect(failure).to.be.instanceOf(ServiceError).and.to.include({ reason: "OVERLOADED" });
  });

  it("takes an answer that breaks the contract for a bug", async () => {
    const times = { allocateTime: timestampFromMs(1), expireTime: timestampFromMs(2) };
    const batch = { eventId: "e", token: 0, wishes: [] };
    const grant = { case: "grant" as const, value: {} };
    for (const answer of [{ results: [{}], ...times }, { results: [{ outcome: grant }] }]) {
      const ledger = ledgerOver({ batchAllocate: () => answer });
      const failure = await ledger.allocate(batch, {}).catch((reason: unknown) => reason);
      expect(failure).to.be.instanceOf(Error).and.not.to.be.instanceOf(ServiceError);
    }
  });

  it("reads an unknown event's answer, which has neither times nor stock", async () => {
    const error = { ...SOLD_OUT, code: 5, reason: "EVENT_NOT_FOUND" };
    const answer = { results: [{ outcome: { case: "error" as const, value: error } }] };
    const ledger = ledgerOver({ batchAllocate: () => answer });
    const batch = { eventId: "e", token: 0, wishes: [] };
    const { answers, stock } = await ledger.allocate(batch, {});
    expect(answers[0]).to.include({ reason: "EVENT_NOT_FOUND" });
    expect(stock).to.equal(undefined);
  });

  it("commits, and tells what was taken again from what was refused", async () => {
    const ledger = ledgerOver({
      batchCommit: ({ entries }) => {
        expect(entries.map(({ allocationId, eventId }) => [allocationId, eventId])).to.deep.equal([
          ["1", "e"],
          ["2", "e"],
          ["3", "e"],
        ]);
        return {
          results: [
            { outcome: { case: "grant", value: {} } },
            { outcome: { case: "grant", value: { reacquired: true } } },
            { outcome: { case: "error", value: SOLD_OUT } },
          ],
          stocks: [STOCK],
        };
      },
    });
    const { answers, stocks } = await ledger.commit(
      ["1", "2", "3"].map((id) => held(id)),
      {},
    );
    expect(answers.slice(0, 2)).to.deep.equal([{ isReacquired: false }, { isReacquired: true }]);
    expect(answers[2]).to.include({ reason: "SOLD_OUT" });
    expect(stocks).to.deep.equal([LEVELS]);
  });

  it("releases cancelled reservations for good, and expired ones not", async () => {
    const ledger = ledgerOver({
      batchRelease: ({ entries, returnPartialSuccess }) => {
        expect(entries.map(({ isFinal }) => isFinal)).to.deep.equal([true, false]);
        // One event that is stuck must not keep the units of all others.
        expect(returnPartialSuccess).to.equal(true);
        return { stocks: [STOCK] };
      },
    });
    const ended = [held("1", "cancelled"), held("2", "expired")];
    expect(await ledger.release(ended, {})).to.deep.equal({
      stocks: [LEVELS],
      unreachable: new Set(),
    });
  });

  it("extends to the given time", async () => {
    const ledger = ledgerOver({
      extendAllocation: ({ allocationId, expireTime }) => {
        expect(allocationId).to.equal("1");
        expect(expireTime && timestampDate(expireTime)).to.deep.equal(new Date(1234));
        return {};
      },
    });
    await ledger.extend("1", new Date(1234), {});
  });

  it("lets batches of several events that are ready together share a call", async () => {
    const calls: string[][] = [];
    const requestIds = new Set<string | null>();
    const stock = (eventId: string) => ({ ...STOCK, eventId });
    const fenced = { code: 9, reason: "FENCED", message: "late", metadata: { lastToken: "9" } };
    const ledger = ledgerOver({
      batchAllocate: ({ eventId }, { requestHeader }) => {
        requestIds.add(requestHeader.get("x-request-id"));
        calls.push([eventId]);
        return { results: [], stock: stock(eventId) };
      },
      batchAllocateAcrossEvents: ({ batches }, context) => {
        calls.push(batches.map(({ eventId }) => eventId));
        expect(context.timeoutMs()).to.be.within(1_001, 2_000);
        requestIds.add(context.requestHeader.get("x-request-id"));
        return {
          results: batches.map(({ eventId }) => ({
            outcome:
              eventId === "bad"
                ? { case: "error" as const, value: fenced }
                : { case: "response" as const, value: { results: [], stock: stock(eventId) } },
          })),
        };
      },
    });
    const answers = await Promise.allSettled(
      ["a", "bad", "c"].map((eventId, index) =>
        ledger.allocate({ eventId, token: 1, wishes: [] }, { timeoutMs: 1_000 * (index + 1) }),
      ),
    );
    expect(calls).to.deep.equal([["a", "bad"], ["c"]]);
    const [first, second, third] = answers;
    expect(first).to.have.nested.property("value.stock.eventId", "a");
    expect(second).to.have.nested.property("reason.reason", "FENCED");
    const [shared] = requestIds;
    expect(requestIds.size).to.equal(2);
    expect(shared).to.be.a("string");
    expect(second)
      .to.have.nested.property("reason.cause.message")
      .that.equals(`part of BatchAllocateAcrossEvents, request id ${shared}`);
    expect(third).to.have.nested.property("value.stock.eventId", "c");
  });

  it("throws what the ledger meant", async () => {
    const metadata = { lastToken: "42" };
    const ledger = ledgerOver({
      batchAllocate: () => {
        throw toConnectError(new ServiceError("FENCED", "late", { metadata }), "inventory.tessera");
      },
    });
    const batch = { eventId: "e", token: 41, wishes: [] };
    const failure = await ledger.allocate(batch, {}).catch((reason: unknown) => reason);
    expect(failure).to.be.instanceOf(ServiceError);
    expect(failure).to.deep.include({ reason: "FENCED", metadata });
  });
});

function ledgerOver(implementation: Partial<ServiceImpl<typeof InventoryService>>) {
  const transport = createRouterTransport(
    (router) => void router.service(InventoryService, implementation),
  );
  return new InventoryLedger(createClient(InventoryService, transport), { eventsPerCall: 2 });
}

function held(id: string, state: Reservation["state"] = "held"): Reservation {
  const time = new Date(0);
  return {
    id,
    eventId: "e",
    userId: "u",
    state,
    items: [],
    totalMinor: 0,
    currency: "EUR",
    createTime: time,
    firstExpireTime: time,
    expireTime: time,
    updateTime: time,
    paymentReference: "",
    extendCount: 0,
    isReacquired: false,
  };
}
