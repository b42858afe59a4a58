import { expect } from "chai";
import { groupsOf, type Settlement } from "./settlement.ts";

const nothing = { inserts: [], moves: [], deltas: [] };

function settlement(eventId: string, allocations = 1): Settlement {
  const allocationIds = Array.from({ length: allocations }, (_one, index) => `${eventId}-${index}`);
  return { query: { eventId, allocationIds, unitsOf: [] }, decide: () => ({ change: nothing }) };
}

function eventsOf(groups: Settlement[][]): string[][] {
  return groups.map((group) => group.map(({ query }) => query.eventId));
}

describe("groupsOf()", () => {
  it("puts different events into one transaction", () => {
    const all = ["a", "b", "c"].map((event) => settlement(event));
    expect(eventsOf(groupsOf(all))).to.deep.equal([["a", "b", "c"]]);
  });

  it("keeps the order of one event's settlements, each in a transaction of its own", () => {
    const all = ["a", "b", "a", "c", "a"].map((event) => settlement(event));
    expect(eventsOf(groupsOf(all))).to.deep.equal([["a", "b"], ["a", "c"], ["a"]]);
  });

  it("makes no transaction too large, unless one settlement is", () => {
    const all = [settlement("a", 600), settlement("b", 600), settlement("c", 1000)];
    expect(eventsOf(groupsOf(all))).to.deep.equal([["a"], ["b"], ["c"]]);
  });
});
