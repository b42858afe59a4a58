import { administer } from "@tessera/testkit/administer";
import { expect } from "chai";
import type { Told } from "../tools/k6/told.ts";
import { judge, type Ledger, newestReservation } from "../tools/k6/verdict.ts";
import { createEvent, newBuyers, type SaleEvent } from "./market.ts";
import { useSharedSystemWithMysql } from "./shared-system.ts";

/** Nothing at all was told to anybody. */
const NOTHING: Told = {
  attempted: 0,
  answered: 0,
  acknowledged: 0,
  unitsAcknowledged: 0,
  unitsSoldOut: 0,
  confirmsAttempted: 0,
  confirmsAnswered: 0,
  unitsConfirmed: 0,
  unitsUnsold: 0,
  returns: 0,
  joined: 0,
  lastWords: 0,
};

// A verdict that finds nothing wrong must mean something: here it is told what is not so.
describe("the verdict on a load", () => {
  // Its server's own clock is set to another zone, as a machine's in an office is: see before().
  const system = useSharedSystemWithMysql();
  let event: SaleEvent;
  let ledger: Ledger;
  let told: Told;

  /** Two of three buyers get the two units there are; one of them pays. */
  before(async () => {
    await administer(system.mysql?.url ?? "", "SET GLOBAL time_zone = '+05:00'");
    const firstSeq = await newestReservation(system.mysqlUrls);
    event = await createEvent(system.bffUrl(), [2]);
    for (const buyer of await newBuyers(system.bffUrl(), 3)) {
      const { status, body } = await buyer.reserve(event);
      if (status === 201 && told === undefined) {
        expect((await buyer.confirm(body.id)).status).to.equal(200);
        told = { ...NOTHING, unitsConfirmed: 1, confirmsAttempted: 1, confirmsAnswered: 1 };
      }
    }
    Object.assign(told, { attempted: 3, answered: 3, acknowledged: 2 });
    Object.assign(told, { unitsAcknowledged: 2, unitsSoldOut: 1 });
    const [ticketTypeId = ""] = event.types;
    const events = [{ id: event.id, ticketTypeId, capacity: 2 }];
    ledger = { urls: system.mysqlUrls, events, firstSeq };
  });
  after(() => administer(system.mysql?.url ?? "", "SET GLOBAL time_zone = SYSTEM"));

  /** What is wrong with that, whether or not all is settled. */
  async function found(told: Told, events = ledger.events): Promise<string> {
    const all = await judge({ ...ledger, events, settleMs: 0 }, told);
    return all.flatMap(({ violations }) => violations).join("; ");
  }

  it("finds nothing wrong when all is as told", async () => {
    const all = await judge(ledger, told);
    expect(all.flatMap(({ violations }) => violations)).to.deep.equal([]);
    expect(all).to.have.length.greaterThan(4);
  });

  it("sees a reservation that was acknowledged and is not there", async () => {
    const more = { attempted: 4, answered: 4, acknowledged: 3 };
    expect(await found({ ...told, ...more })).to.contain("2 reservations are there, not 3");
  });

  it("sees a reservation that nobody was told of", async () => {
    expect(await found({ ...told, acknowledged: 1 })).to.contain("2 reservations are there, not 1");
  });

  it("allows one that was not answered to be there", async () => {
    const lost = { answered: 2, acknowledged: 1, unitsAcknowledged: 1 };
    const all = await judge(ledger, { ...told, ...lost });
    expect(all.flatMap(({ violations }) => violations)).to.deep.equal([]);
  });

  it("sees a sale that its buyer was not told of", async () => {
    const unpaid = { unitsConfirmed: 0, confirmsAttempted: 0, confirmsAnswered: 0 };
    expect(await found({ ...told, ...unpaid })).to.contain("1 units are sold, not 0");
  });

  it("sees buyers who were sent away while there was something left", async () => {
    const [more] = ledger.events.map((one) => ({ ...one }));
    const empty = await createEvent(system.bffUrl(), [2]);
    const events = [{ ...more, id: empty.id, ticketTypeId: empty.types[0] ?? "", capacity: 2 }];
    const refused = { ...NOTHING, attempted: 1, answered: 1, unitsSoldOut: 1 };
    expect(await found(refused, events)).to.equal("0 units are taken, not 1");
  });

  it("sees people whom the waiting room forgot", async () => {
    const forgotten = { joined: 5, lastWords: 4 };
    expect(await found({ ...told, ...forgotten })).to.contain("4 had a last word, not 5");
  });

  it("has nothing to say of a run that sold nothing", async () => {
    expect(await judge({ ...ledger, events: [] }, NOTHING)).to.deep.equal([]);
  });
});
