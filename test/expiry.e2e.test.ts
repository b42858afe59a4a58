import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { type Buyer, createEvent, newBuyers, stockOf, tally } from "./market.ts";
import type { Answer } from "./rest.ts";
import { expectExact } from "./settled.ts";
import { useSharedSystem } from "./shared-system.ts";
import { eachOf, persist } from "./storm.ts";

const HOLDS = 80;

describe("expiry and confirm at the same instant", () => {
  const system = useSharedSystem();
  const url = () => system.bffUrl();

  it("leave each reservation confirmed with its units, or expired without them", async () => {
    const event = await createEvent(url(), [HOLDS], { holdSeconds: 2, maxPerUser: HOLDS });
    const [payer, rival] = (await newBuyers(url(), 2)) as [Buyer, Buyer];
    const held = await Promise.all(Array.from({ length: HOLDS }, () => payer.reserve(event)));
    expect(tally(held)).to.deep.equal({ 201: HOLDS });
    const expireMs = Math.max(...held.map(({ body }) => Date.parse(body.expiresAt)));

    // Somebody waits for what comes back, so that not every late payment can have it again.
    let isOver = false;
    const grabbed: Answer[] = [];
    const grabbing = eachOf([1, 2, 3], 3, async () => {
      while (!isOver) {
        grabbed.push(await rival.reserve(event));
      }
    });
    // Payments arrive from a moment before the holds end until a second after it.
    const paid = await eachOf(held, HOLDS, async ({ body }, index) => {
      const payMs = expireMs - 300 + index * 16;
      await until("it is time to pay", () => Date.now() >= payMs, { everyMs: 2 });
      return await persist(() => payer.confirm(body.id));
    });
    isOver = true;
    await grabbing;

    const outcomes = tally(paid);
    expect((outcomes[200] ?? 0) + (outcomes["410 HOLD_EXPIRED"] ?? 0)).to.equal(HOLDS);
    expect(outcomes[200], "nobody paid in time").to.be.greaterThan(0);
    // One user is answered so many reads at once.
    const ends = await eachOf(held, 8, ({ body }) => payer.get(body.id));
    for (const [index, { body }] of ends.entries()) {
      expect(body.state).to.equal(paid[index]?.status === 200 ? "CONFIRMED" : "EXPIRED");
    }
    await until("the rival's holds are over", async () => {
      const [stock] = await stockOf(url(), event);
      return stock?.held === 0;
    });
    const [stock] = await stockOf(url(), event);
    expect(stock).to.include({ sold: outcomes[200] ?? 0 });
    expect(stock?.available).to.equal(HOLDS - (outcomes[200] ?? 0));
    await expectExact(system, event);
  });
});
