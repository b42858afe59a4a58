import type { ServerResponse } from "node:http";
import { expect } from "chai";
import type { EventOnSale } from "../event-on-sale.ts";
import type { Operation } from "../history.ts";
import { Person } from "./person.ts";
import { SellOut } from "./sell-out.ts";
import { answer, useFrontDesk } from "./use-front-desk.ts";

const LINES = {
  items: [{ ticketTypeId: "t", quantity: 1 }],
  total: { amount: 5, currency: "EUR" },
};
const PASS = { state: "ADMITTED", pass: "p", position: null, pollAfterMs: null };

describe("SellOut", () => {
  const front = useFrontDesk();

  /** Sells so many units of one event, and so many to each of three people at most. */
  async function sellOut(options: { units: number; maxPerUser: number; hasWaitingRoom?: boolean }) {
    const { units, maxPerUser, hasWaitingRoom = false } = options;
    const had = new Map<string, number>();
    let left = units;
    const reserve = (token = "") => {
      const count = had.get(token) ?? 0;
      if (count === maxPerUser) {
        return answer(409, { code: "LIMIT_EXCEEDED" });
      }
      if (left === 0) {
        return answer(409, { code: "SOLD_OUT" });
      }
      left -= 1;
      had.set(token, count + 1);
      return answer(201, { ...LINES, id: `r${left}`, eventId: "e", state: "HELD" });
    };
    front.answers = [
      (response: ServerResponse) => {
        const { method, url = "", headers } = response.req;
        if (url === "/v1/reservations") {
          reserve(headers.authorization)(response);
        } else if (url.endsWith("/queue")) {
          answer(method === "DELETE" ? 204 : 200, PASS)(response);
        } else {
          answer(200, { ...LINES, id: url.split("/")[3], eventId: "e", state: "CONFIRMED" })(
            response,
          );
        }
      },
    ];
    const event: EventOnSale = {
      ...{ id: "e", maxPerUser, holdSeconds: 5, hasWaitingRoom },
      ticketTypes: [{ id: "t", capacity: units, priceMinor: 5 }],
    };
    const people = ["a", "b", "c"].map((id) => new Person(id, { email: id, password: id }));
    await new SellOut({ desk: front.desk, event, people, keyPrefix: "k" }).run();
    return front.history.operations;
  }

  it("buys unit by unit until it is sold out", async () => {
    const operations = await sellOut({ units: 4, maxPerUser: 3 });
    expect(
      operations.filter(({ told }) => told?.reservation?.state === "CONFIRMED"),
    ).to.have.length(4);
    expect(codesOf(operations)).to.include("SOLD_OUT");
  });

  it("stops when nobody may have more", async () => {
    const operations = await sellOut({ units: 10, maxPerUser: 2 });
    expect(
      operations.filter(({ told }) => told?.reservation?.state === "CONFIRMED"),
    ).to.have.length(6);
    expect(codesOf(operations)).to.deep.equal(Array(3).fill("LIMIT_EXCEEDED"));
  });

  it("stands in line where there is one, and leaves it to others when it can buy no more", async () => {
    const operations = await sellOut({ units: 2, maxPerUser: 1, hasWaitingRoom: true });
    const passes = operations.flatMap(({ wish }) => (wish.kind === "reserve" ? [wish.pass] : []));
    expect(new Set(passes)).to.have.all.keys("p");
    const leaves = operations.filter(({ wish }) => wish.kind === "leave");
    expect(leaves).to.have.length(codesOf(operations).length).and.not.to.have.length(0);
  });
});

function codesOf(operations: readonly Operation[]): string[] {
  return operations.flatMap(({ told }) => told?.code ?? []);
}
