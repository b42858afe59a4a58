import { randomUUID } from "node:crypto";
import { timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { failureOf } from "@tessera/testkit/call-failure";
import { expect } from "chai";
import { createEvent, expectExact, stockOf, useInventory, words } from "./use-inventory.ts";

describe("BatchAllocate", () => {
  const inventory = useInventory();

  it("gives the last unit to one of two buyers who come at once", async () => {
    const { client } = inventory;
    const { eventId, wish } = await createEvent(client, [1]);
    const answers = await Promise.all(
      [wish([0, 1]), wish([0, 1])].map((entry) =>
        client.batchAllocate({ eventId, entries: [entry] }),
      ),
    );
    const all = answers.flatMap(({ results }) => words(results)).sort();
    expect(all).to.deep.equal(["SOLD_OUT", "granted"]);
    expect(await stockOf(client, eventId)).to.deep.equal([[0, 1, 0]]);
    await expectExact(inventory, eventId);
  });

  it("counts two lines of one cart together", async () => {
    const { client } = inventory;
    const { eventId, wish } = await createEvent(client, [3]);
    const { results } = await client.batchAllocate({
      eventId,
      entries: [wish([0, 2], [0, 2]), wish([0, 1], [0, 2])],
    });
    expect(words(results)).to.deep.equal(["SOLD_OUT", "granted"]);
    expect(await stockOf(client, eventId)).to.deep.equal([[0, 3, 0]]);
  });

  it("answers each entry for itself, with prices, times and what is left", async () => {
    const { client } = inventory;
    const { eventId, types, wish } = await createEvent(client, [5, 1], { holdSeconds: 60 });
    const stranger = { ...wish([0, 1]), items: [{ ticketTypeId: randomUUID(), quantity: 1 }] };
    const answer = await client.batchAllocate({
      eventId,
      entries: [wish([0, 1], [1, 1]), wish([1, 1]), stranger, wish([0, 2])],
    });
    expect(words(answer.results)).to.deep.equal([
      "granted",
      "SOLD_OUT",
      "TICKET_TYPE_NOT_FOUND",
      "granted",
    ]);
    const [first, second, third] = answer.results;
    expect(first?.outcome.value).to.nested.include({ "total.amountMinor": 300n });
    expect(first?.outcome.value).to.nested.include({ "total.currencyCode": "EUR" });
    expect(second?.outcome.value).to.deep.include({
      code: 9,
      metadata: { ticketTypeId: types[1] },
    });
    expect(third?.outcome.value).to.include({ code: 5 });
    const [allocateTime, expireTime] = [answer.allocateTime, answer.expireTime].map((time) =>
      time === undefined ? 0 : timestampDate(time).getTime(),
    );
    expect(expireTime).to.equal((allocateTime ?? 0) + 60_000);
    expect(answer.stock).to.deep.include({ eventId, version: 1n });
    expect(answer.stock?.ticketTypes.map(({ available, held }) => [available, held])).to.deep.equal(
      [
        [2, 3],
        [0, 1],
      ],
    );
  });

  it("refuses before the sale opens and after it closed", async () => {
    const { client } = inventory;
    const early = await createEvent(client, [1], {
      salesOpenTime: timestampFromMs(Date.now() + 600_000),
    });
    const late = await createEvent(client, [1], {
      salesOpenTime: timestampFromMs(Date.now() - 600_000),
      salesCloseTime: timestampFromMs(Date.now() - 300_000),
    });
    for (const { eventId, wish } of [early, late]) {
      const { results } = await client.batchAllocate({ eventId, entries: [wish([0, 1])] });
      expect(words(results)).to.deep.equal(["SALES_CLOSED"]);
    }
  });

  it("refuses every entry of an unknown event, and has no stock to tell", async () => {
    const { client } = inventory;
    const { wish } = await createEvent(client, [1]);
    const bad = { ...wish([0, 1]), userId: "nobody" };
    const entries = [wish([0, 1]), bad];
    const answer = await client.batchAllocate({ eventId: randomUUID(), entries });
    expect(words(answer.results)).to.deep.equal(["EVENT_NOT_FOUND", "INVALID_FIELD"]);
    expect(answer.stock).to.equal(undefined);
  });

  it("keeps to the user's limit within a batch and over concurrent batches", async () => {
    const { client } = inventory;
    const { eventId, wishOf } = await createEvent(client, [50, 50], { maxPerUser: 5 });
    const ann = randomUUID();
    const { results } = await client.batchAllocate({
      eventId,
      entries: [wishOf(ann, [0, 2]), wishOf(ann, [1, 2]), wishOf(ann, [0, 2]), wishOf(ann, [1, 1])],
    });
    expect(words(results)).to.deep.equal(["granted", "granted", "LIMIT_EXCEEDED", "granted"]);

    const bob = randomUUID();
    const answers = await Promise.all(
      [0, 1, 0, 1].map((type) =>
        client.batchAllocate({ eventId, entries: [wishOf(bob, [type, 3])] }),
      ),
    );
    const granted = answers
      .flatMap((answer) => words(answer.results))
      .filter((it) => it === "granted");
    expect(granted).to.have.length(1);
    await expectExact(inventory, eventId);
  });

  it("counts what is paid for towards the user's limit", async () => {
    const { client } = inventory;
    const { eventId, wishOf } = await createEvent(client, [50], { maxPerUser: 2 });
    const ann = randomUUID();
    const first = wishOf(ann, [0, 2]);
    await client.batchAllocate({ eventId, entries: [first] });
    const { allocationId } = first;
    const paid = await client.batchCommit({ entries: [{ eventId, allocationId }] });
    expect(words(paid.results)).to.deep.equal(["committed"]);
    const { results } = await client.batchAllocate({ eventId, entries: [wishOf(ann, [0, 1])] });
    expect(words(results)).to.deep.equal(["LIMIT_EXCEEDED"]);
  });

  it("refuses an old lock holder, tells the last token, and counts it", async () => {
    const { client, registry } = inventory;
    const { eventId, wish } = await createEvent(client, [5]);
    const call = (fencingToken: bigint) =>
      client.batchAllocate({ eventId, fencingToken, entries: [wish([0, 1])] });
    expect(words((await call(7n)).results)).to.deep.equal(["granted"]);
    expect(words((await call(7n)).results)).to.deep.equal(["granted"]);
    expect(words((await call(0n)).results)).to.deep.equal(["granted"]);
    const failure = await failureOf(call(6n));
    expect(failure).to.deep.include({ reason: "FENCED", metadata: { lastToken: "7" } });
    expect(await stockOf(client, eventId)).to.deep.equal([[2, 3, 0]]);
    expect(await registry.metrics()).to.match(/^tessera_fencing_refusals_total 1$/m);
  });

  it("refuses a token that nobody could count on from, and takes one far ahead", async () => {
    const { client } = inventory;
    const { eventId, wish } = await createEvent(client, [5]);
    const call = (fencingToken: bigint) =>
      client.batchAllocate({ eventId, fencingToken, entries: [wish([0, 1])] });
    for (const huge of [2n ** 63n - 1n, 2n ** 53n + 1n]) {
      expect(await failureOf(call(huge))).to.nested.include({
        reason: "INVALID_FIELD",
        "metadata.field": "fencing_token",
      });
    }
    const ahead = BigInt(Date.now() + 364 * 24 * 3_600_000) * 1000n;
    for (const token of [ahead, ahead + 1n]) {
      expect(words((await call(token)).results)).to.deep.equal(["granted"]);
    }
  });

  it("remembers a token that came with refusals only", async () => {
    const { client } = inventory;
    const { eventId, wish } = await createEvent(client, [0]);
    const entries = [wish([0, 1])];
    const answer = await client.batchAllocate({ eventId, fencingToken: 9n, entries });
    expect(words(answer.results)).to.deep.equal(["SOLD_OUT"]);
    expect(answer.stock?.version).to.equal(0n);
    const failure = await failureOf(client.batchAllocate({ eventId, fencingToken: 8n, entries }));
    expect(failure.reason).to.equal("FENCED");
  });

  it("serves several events at once, each by its own rules", async () => {
    const { client } = inventory;
    const [plain, fenced, full] = await Promise.all([
      createEvent(client, [5]),
      createEvent(client, [5]),
      createEvent(client, [0]),
    ]);
    const { eventId } = fenced;
    await client.batchAllocate({ eventId, fencingToken: 9n, entries: [fenced.wish([0, 1])] });
    const [granted, refused, soldOut] = await Promise.allSettled([
      client.batchAllocate({ eventId: plain.eventId, entries: [plain.wish([0, 1])] }),
      client.batchAllocate({ eventId, fencingToken: 8n, entries: [fenced.wish([0, 1])] }),
      client.batchAllocate({ eventId: full.eventId, entries: [full.wish([0, 1])] }),
    ]);
    expect(granted.status === "fulfilled" && words(granted.value.results)).to.deep.equal([
      "granted",
    ]);
    expect(refused.status === "rejected" && String(refused.reason)).to.contain("newer lock");
    expect(soldOut.status === "fulfilled" && words(soldOut.value.results)).to.deep.equal([
      "SOLD_OUT",
    ]);
    for (const event of [plain, fenced, full]) {
      await expectExact(inventory, event.eventId);
    }
  });

  it("serves the largest batch", async () => {
    const { client } = inventory;
    const { eventId, wish } = await createEvent(client, [1_500]);
    const entries = Array.from({ length: 1000 }, () => wish([0, 2]));
    const { results, stock } = await client.batchAllocate({ eventId, entries });
    const all = words(results);
    expect(all.filter((word) => word === "granted")).to.have.length(750);
    expect(all.lastIndexOf("granted")).to.equal(749);
    expect(stock?.ticketTypes[0]).to.include({ available: 0, held: 1500 });
  });

  it("sells every unit once, and every unit, in a storm", async () => {
    const { client } = inventory;
    const { eventId, wish } = await createEvent(client, [300, 200, 100]);
    // 400 buyers of each type, and some who want all three.
    const batches = Array.from({ length: 30 }, (_, index) => [
      ...Array.from({ length: 40 }, () => wish([index % 3, 1])),
      wish([0, 1], [1, 1], [2, 1]),
    ]);
    const answers = await Promise.all(
      batches.map((entries) => client.batchAllocate({ eventId, entries })),
    );
    expect(await stockOf(client, eventId)).to.deep.equal([
      [0, 300, 0],
      [0, 200, 0],
      [0, 100, 0],
    ]);
    await expectExact(inventory, eventId);
    const totals = answers
      .flatMap(({ results }) => results)
      .map(({ outcome }) =>
        outcome.case === "grant" ? (outcome.value.total?.amountMinor ?? 0n) : 0n,
      );
    expect(totals.reduce((sum, total) => sum + total)).to.equal(30_000n + 40_000n + 30_000n);
    const versions = answers.map(({ stock }) => stock?.version ?? 0n).sort((a, b) => Number(a - b));
    expect(versions.at(-1)).to.equal(BigInt(new Set(versions).size));
  });

  describe("with bad input", () => {
    it("refuses the entry, and names the field within it", async () => {
      const { client } = inventory;
      const { eventId, types, wish } = await createEvent(client, [500]);
      const item = { ticketTypeId: types[0] ?? "", quantity: 1 };
      const cases: [string, object][] = [
        ["allocation_id", { allocationId: "x" }],
        ["allocation_id", { allocationId: "" }],
        ["user_id", { userId: randomUUID().toUpperCase() }],
        ["items", { items: [] }],
        ["items", { items: Array.from({ length: 21 }, () => item) }],
        ["items[0].ticket_type_id", { items: [{ ...item, ticketTypeId: "VIP" }] }],
        ["items[1].quantity", { items: [item, { ...item, quantity: 0 }] }],
        ["items[0].quantity", { items: [{ ...item, quantity: 101 }] }],
        ["items[0].quantity", { items: [{ ...item, quantity: -1 }] }],
      ];
      const { results } = await client.batchAllocate({
        eventId,
        entries: [...cases.map(([, bad]) => ({ ...wish([0, 1]), ...bad })), wish([0, 1])],
      });
      expect(words(results.slice(-1))).to.deep.equal(["granted"]);
      for (const [index, [field]] of cases.entries()) {
        expect(results[index]?.outcome.value).to.nested.include({
          reason: "INVALID_FIELD",
          "metadata.field": field,
        });
      }
    });

    it("fails the call when the batch itself is bad", async () => {
      const { client } = inventory;
      const { eventId, wish } = await createEvent(client, [1]);
      const entries = [wish([0, 1])];
      const many = Array.from({ length: 1001 }, () => wish([0, 1]));
      for (const [field, call] of [
        ["event_id", client.batchAllocate({ eventId: "x", entries })],
        ["fencing_token", client.batchAllocate({ eventId, fencingToken: -1n, entries })],
        ["entries", client.batchAllocate({ eventId, entries: [] })],
        ["entries", client.batchAllocate({ eventId, entries: many })],
      ] as const) {
        expect(await failureOf(call)).to.nested.include({
          reason: "INVALID_FIELD",
          "metadata.field": field,
        });
      }
    });
  });
});
