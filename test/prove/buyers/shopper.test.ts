import { expect } from "chai";
import type { EventOnSale } from "../event-on-sale.ts";
import type { Purchase } from "./errand.ts";
import { Shopper } from "./shopper.ts";
import { answer, hangUp, useFrontDesk } from "./use-front-desk.ts";

const EVENT: EventOnSale = {
  ...{ id: "e", maxPerUser: 4, holdSeconds: 0, hasWaitingRoom: false },
  ticketTypes: [
    { id: "t0", capacity: 5, priceMinor: 5 },
    { id: "t1", capacity: 5, priceMinor: 7 },
  ],
};
const DONE = answer(200, {
  ...{ id: "r", eventId: "e", state: "HELD", total: { amount: 5, currency: "EUR" } },
  items: [{ ticketTypeId: "t0", quantity: 1 }],
});

describe("Shopper", () => {
  const front = useFrontDesk();

  async function shop(purchase: Partial<Purchase>) {
    const shopper = new Shopper({
      ...{ desk: front.desk, person: front.person, event: EVENT, keyPrefix: "k" },
      purchase: {
        ...{ kind: "purchase", number: 1, person: 0, opening: 0, clicks: 1, isPatient: true },
        ...{ lines: [{ type: 0, quantity: 1 }], thinkMs: 0, steps: [], ...purchase },
      },
    });
    const reservation = await shopper.reserve();
    if (reservation !== undefined) {
      await shopper.follow(reservation);
    }
    return front.history.operations.map(({ wish, key, outcome }) => [wish.kind, key, outcome]);
  }

  it("reserves the ticket types of its lines", async () => {
    front.answers = [DONE];
    const lines = [1, 0, 1].map((type, index) => ({ type, quantity: index + 1 }));
    await shop({ lines });
    expect(front.history.operations[0]?.wish).to.deep.equal({
      ...{ kind: "reserve", eventId: "e" },
      items: ["t1", "t0", "t1"].map((ticketTypeId, index) => ({
        ticketTypeId,
        quantity: index + 1,
      })),
    });
  });

  it("takes one step after the other, each under a key of its own", async () => {
    front.answers = [DONE];
    expect(await shop({ steps: ["extend", "lapse", "confirm", "look"] })).to.deep.equal([
      ["reserve", "k-1", "ok"],
      ["extend", "k-2", "ok"],
      ["confirm", "k-3", "ok"],
      ["look", undefined, "ok"],
    ]);
  });

  it("repeats a request as it was", async () => {
    front.answers = [DONE];
    const operations = await shop({ steps: ["confirm", "again"] });
    expect(operations.slice(1)).to.deep.equal([
      ["confirm", "k-2", "ok"],
      ["confirm", "k-2", "ok"],
    ]);
  });

  it("confirms and cancels at once", async () => {
    front.answers = [DONE];
    const operations = await shop({ steps: ["rivals"] });
    expect(operations.slice(1)).to.deep.equal([
      ["confirm", "k-2", "ok"],
      ["cancel", "k-3", "ok"],
    ]);
  });

  it("presses twice under one key", async () => {
    front.answers = [DONE];
    expect(await shop({ clicks: 2, steps: ["look"] })).to.deep.equal([
      ["reserve", "k-1", "ok"],
      ["reserve", "k-1", "ok"],
      ["look", undefined, "ok"],
    ]);
  });

  it("leaves unknown what was not answered, and goes, when it has no patience", async () => {
    front.answers = [DONE, hangUp];
    expect(await shop({ isPatient: false, steps: ["confirm", "look"] })).to.deep.equal([
      ["reserve", "k-1", "ok"],
      ["confirm", "k-2", "unknown"],
    ]);
  });

  it("goes when it was refused", async () => {
    front.answers = [answer(409, { code: "SOLD_OUT" })];
    expect(await shop({ steps: ["confirm"] })).to.deep.equal([["reserve", "k-1", "refused"]]);
  });
});
