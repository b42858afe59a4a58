import { expect } from "chai";
import type { EventOnSale } from "../event-on-sale.ts";
import type { Visit } from "./errand.ts";
import { Shopper } from "./shopper.ts";
import { answer, useFrontDesk } from "./use-front-desk.ts";
import { Visitor } from "./visitor.ts";

const EVENT: EventOnSale = {
  ...{ id: "e", maxPerUser: 4, holdSeconds: 1, hasWaitingRoom: true },
  ticketTypes: [{ id: "t", capacity: 5, priceMinor: 5 }],
};
const place = (state: string) => answer(200, { state, position: 1, pollAfterMs: 0 });
const ADMITTED = answer(200, { state: "ADMITTED", position: null, pollAfterMs: null, pass: "p" });
const REFUSED = answer(409, { code: "SOLD_OUT" });
const NO_PLACE = answer(404, { code: "PLACE_NOT_FOUND" });

describe("Visitor", () => {
  const front = useFrontDesk();

  async function come(visit: Partial<Visit>) {
    const visitor = visitorOf(visit);
    await visitor.run();
    return front.history.operations.map(({ wish }) => wish.kind);
  }

  function visitorOf(visit: Partial<Visit>) {
    const purchase: Visit["purchase"] = {
      ...{ kind: "purchase", number: 1, person: 0, opening: 0, clicks: 1, isPatient: true },
      ...{ lines: [{ type: 0, quantity: 1 }], thinkMs: 0, steps: [] },
    };
    const { desk, person } = front;
    const shopper = new Shopper({ desk, person, event: EVENT, keyPrefix: "k", purchase });
    return new Visitor({
      ...{ desk, shopper, passMs: 0 },
      visit: {
        ...{ kind: "visit", joins: 1, leavesAfter: undefined, passUse: "soon", purchase },
        ...visit,
      },
    });
  }

  it("joins, waits for the turn, and reserves with the pass", async () => {
    front.answers = [place("WAITING"), place("WAITING"), ADMITTED, REFUSED];
    expect(await come({})).to.deep.equal(["join", "poll", "poll", "reserve"]);
    expect(front.history.operations.at(-1)?.wish).to.deep.include({ pass: "p" });
  });

  it("tries the pass a second time, under another key", async () => {
    front.answers = [ADMITTED, REFUSED];
    expect(await come({ passUse: "twice" })).to.deep.equal(["join", "reserve", "reserve"]);
    expect(new Set(front.history.operations.map(({ key }) => key))).to.have.property("size", 3);
  });

  it("does not use the pass when it was not to be used", async () => {
    front.answers = [ADMITTED];
    expect(await come({ passUse: "never" })).to.deep.equal(["join"]);
  });

  for (const state of ["GONE", "EXPIRED"]) {
    it(`goes when the place is ${state}`, async () => {
      front.answers = [place("WAITING"), place(state)];
      expect(await come({})).to.deep.equal(["join", "poll"]);
    });
  }

  it("leaves when it was to leave", async () => {
    front.answers = [place("WAITING"), place("WAITING"), answer(200, {})];
    expect(await come({ leavesAfter: 1 })).to.deep.equal(["join", "poll", "leave"]);
  });

  it("leaves when it is nearly closing time", async () => {
    front.answers = [place("WAITING")];
    front.desk.closeIn(15_000);
    expect(await come({})).to.deep.equal(["join", "leave"]);
  });

  it("joins again when the room knows nothing of the place, but not for ever", async () => {
    front.answers = [place("WAITING"), NO_PLACE, ADMITTED];
    expect(await come({ passUse: "never" })).to.deep.equal(["join", "poll", "join"]);
  });

  it("goes when it may not join", async () => {
    front.answers = [answer(403, { code: "SALES_CLOSED" })];
    expect(await come({})).to.deep.equal(["join"]);
  });
});
