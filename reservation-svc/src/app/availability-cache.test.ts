import { expect } from "chai";
import { AvailabilityCache } from "./availability-cache.ts";

describe("AvailabilityCache", () => {
  it("says sold out when surely too little is left of one type", () => {
    const { cache } = cacheOf();
    cache.learn(levels(1, { a: 5, b: 1 }));
    expect(cache.soldOut("e", [item("a", 5), item("b", 1)])).to.equal(undefined);
    expect(cache.soldOut("e", [item("a", 5), item("b", 2)])).to.equal("b");
  });

  it("says maybe of events and types that it has not heard of", () => {
    const { cache } = cacheOf();
    cache.learn(levels(1, { a: 0 }));
    expect(cache.soldOut("e", [item("x", 1)])).to.equal(undefined);
    expect(cache.soldOut("other", [item("a", 1)])).to.equal(undefined);
  });

  it("keeps the newest version, in whatever order versions arrive", () => {
    const { cache } = cacheOf();
    expect(cache.learn(levels(2, { a: 0 }))).to.equal(true);
    expect(cache.learn(levels(1, { a: 9 }))).to.equal(false);
    expect(cache.soldOut("e", [item("a", 1)])).to.equal("a");
    expect(cache.learn(levels(3, { a: 1 }))).to.equal(true);
    expect(cache.learn(levels(2, { a: 0 }))).to.equal(false);
    expect(cache.soldOut("e", [item("a", 1)])).to.equal(undefined);
  });

  it("trusts what it knows for a bounded time, counted from when it last heard", () => {
    const { cache, advance } = cacheOf({ trustMs: 100 });
    cache.learn(levels(1, { a: 0 }));
    advance(100);
    expect(cache.soldOut("e", [item("a", 1)])).to.equal("a");
    expect(cache.learn(levels(1, { a: 0 }))).to.equal(false);
    advance(100);
    expect(cache.soldOut("e", [item("a", 1)])).to.equal("a");
    advance(1);
    expect(cache.soldOut("e", [item("a", 1)])).to.equal(undefined);
  });

  it("says nothing while no news would arrive, and forgets what it knew", () => {
    const { cache } = cacheOf();
    cache.learn(levels(1, { a: 0 }));
    cache.setLive(false);
    cache.learn(levels(2, { a: 0 }));
    expect(cache.soldOut("e", [item("a", 1)])).to.equal(undefined);
    cache.setLive(false);
    cache.setLive(true);
    expect(cache.soldOut("e", [item("a", 1)])).to.equal(undefined);
  });

  it("is not live before it is told so", () => {
    const cache = new AvailabilityCache({ trustMs: 1_000, maxEvents: 1 });
    cache.learn(levels(1, { a: 0 }));
    expect(cache.soldOut("e", [item("a", 1)])).to.equal(undefined);
    cache.setLive(true);
    expect(cache.soldOut("e", [item("a", 1)])).to.equal("a");
  });

  it("remembers a bounded number of events: the one not heard of for longest goes", () => {
    const { cache } = cacheOf({ maxEvents: 2 });
    cache.learn(levels(1, { a: 0 }, "one"));
    cache.learn(levels(1, { a: 0 }, "two"));
    cache.learn(levels(2, { a: 0 }, "one"));
    cache.learn(levels(1, { a: 0 }, "three"));
    const known = ["one", "two", "three"].filter((id) => cache.soldOut(id, [item("a", 1)]));
    expect(known).to.deep.equal(["one", "three"]);
  });
});

function cacheOf(options: { trustMs?: number; maxEvents?: number } = {}) {
  let now = 0;
  const cache = new AvailabilityCache({
    trustMs: 1_000,
    maxEvents: 10,
    now: () => now,
    ...options,
  });
  cache.setLive(true);
  return {
    cache,
    advance: (ms: number) => {
      now += ms;
    },
  };
}

function levels(version: number, available: Record<string, number>, eventId = "e") {
  return { eventId, version, available: new Map(Object.entries(available)) };
}

function item(ticketTypeId: string, quantity: number) {
  return { ticketTypeId, quantity };
}
