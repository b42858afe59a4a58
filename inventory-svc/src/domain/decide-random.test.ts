import { expect } from "chai";
import { decideAllocate } from "./decide.ts";
import type { Book } from "./ledger.ts";

describe("decideAllocate() over random batches", () => {
  it("never takes more than there is, nor gives a user more than the limit", () => {
    const random = randomOf(20_300_101);
    for (let round = 0; round < 300; round += 1) {
      checkRandomBatch(random);
    }
  });
});

function randomBook(random: (limit: number) => number): Book {
  const now = new Date("2030-01-01T12:00:00Z");
  return {
    now,
    event: {
      eventId: "event",
      salesOpenTime: now,
      salesCloseTime: new Date(now.getTime() + 1),
      holdSeconds: 600,
      maxPerUser: 1 + random(6),
      currency: "EUR",
      fence: 0n,
      stockVersion: 0n,
    },
    stock: Array.from({ length: 1 + random(4) }, (_, position) => {
      const available = random(20);
      return {
        ...{ position, ticketTypeId: `type-${position}`, priceMinor: 100 },
        ...{ capacity: available, available, held: 0, sold: 0 },
      };
    }),
    allocations: new Map(),
    unitsByUser: new Map([["user-0", random(4)]]),
  };
}

/** A small seeded generator: whole numbers below `limit`, the same in every run. */
function randomOf(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

function checkRandomBatch(random: (limit: number) => number): void {
  const book = randomBook(random);
  const entries = Array.from({ length: random(40) }, () => {
    const items = Array.from({ length: 1 + random(3) }, () => ({
      ticketTypeId: `type-${random(book.stock.length)}`,
      quantity: 1 + random(3),
    }));
    return { allocationId: `id-${random(30)}`, userId: `user-${random(6)}`, items };
  });
  const { answers, change } = decideAllocate(book, entries, 0n);

  expect(answers).to.have.length(entries.length);
  const ids = change.inserts.map(({ id }) => id);
  expect(new Set(ids).size).to.equal(ids.length);
  const granted = answers.filter((answer) => !("reason" in answer) && !answer.replayed);
  expect(granted).to.have.length(ids.length);
  for (const { position, available } of book.stock) {
    const taken = change.inserts
      .flatMap(({ lines }) => lines)
      .filter((line) => line.position === position)
      .reduce((sum, { quantity }) => sum + quantity, 0);
    const delta = change.deltas.find((found) => found.position === position);
    expect(taken).to.be.at.most(available);
    expect(delta?.held ?? 0).to.equal(taken);
    expect(delta?.available ?? 0).to.equal(taken === 0 ? 0 : -taken);
  }
  for (const userId of new Set(change.inserts.map((allocation) => allocation.userId))) {
    const units = change.inserts
      .filter((allocation) => allocation.userId === userId)
      .reduce((sum, allocation) => sum + allocation.units, book.unitsByUser.get(userId) ?? 0);
    expect(units).to.be.at.most(book.event.maxPerUser);
  }
}
