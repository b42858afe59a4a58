import { expect } from "chai";
import type { Wish } from "../history.ts";
import { outcomeOf, toldOf } from "./told-of.ts";

describe("outcomeOf", () => {
  const cases = [
    [201, undefined, "ok"],
    [204, undefined, "ok"],
    [409, "SOLD_OUT", "refused"],
    [409, "REQUEST_IN_PROGRESS", "unknown"],
    [410, "HOLD_EXPIRED", "refused"],
    [429, "RATE_LIMITED", "refused"],
    [499, "CANCELLED", "unknown"],
    [500, "INTERNAL", "unknown"],
    [503, "OVERLOADED", "unknown"],
    [504, "DEADLINE_EXCEEDED", "unknown"],
  ] as const;
  for (const [status, code, outcome] of cases) {
    it(`takes ${status} ${code ?? ""} for ${outcome}`, () => {
      expect(outcomeOf(status, code)).to.equal(outcome);
    });
  }
});

describe("toldOf", () => {
  const reserve: Wish = { kind: "reserve", eventId: "e", items: [] };
  const answer = { retryAfter: undefined, isReplay: false };

  it("reads a reservation as it was told", () => {
    const body = {
      ...{ id: "r", eventId: "e", state: "HELD", expiresAt: "2030-01-01T00:00:00Z" },
      ...{ items: [{ ticketTypeId: "t", quantity: 2 }], total: { amount: 5, currency: "EUR" } },
      serverTime: "2029-12-31T23:59:00Z",
    };
    expect(toldOf(reserve, { ...answer, status: 201, body })).to.deep.equal({
      ...{ status: 201, code: undefined, retryAfter: undefined, isReplay: false },
      reservation: {
        ...{ id: "r", eventId: "e", state: "HELD", expiresAt: "2030-01-01T00:00:00Z" },
        ...{ items: [{ ticketTypeId: "t", quantity: 2 }], total: { amount: 5, currency: "EUR" } },
        ...{ extendCount: 0, reacquired: false },
      },
    });
  });

  it("reads a problem's code, and when to come back", () => {
    const body = { code: "OVERLOADED" };
    const told = toldOf(reserve, { ...answer, status: 503, retryAfter: 1, body });
    expect(told).to.deep.equal({ status: 503, code: "OVERLOADED", retryAfter: 1, isReplay: false });
  });

  it("reads a place", () => {
    const body = { state: "ADMITTED", position: null, pass: "p", pollAfterMs: null };
    const told = toldOf({ kind: "poll", eventId: "e" }, { ...answer, status: 200, body });
    expect(told?.place).to.deep.equal(body);
  });

  it("takes no success for granted that tells nothing", () => {
    for (const body of [undefined, {}, { id: 1 }, "gone"]) {
      expect(toldOf(reserve, { ...answer, status: 201, body })).to.equal(undefined);
    }
  });
});
