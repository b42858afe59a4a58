import { expect } from "chai";
import { estimatedWaitMs, isAllGone, isOnSale, stockHint } from "./waiting-room.ts";

describe("estimatedWaitMs", () => {
  it("is a day at most, however slow it goes", () => {
    expect(estimatedWaitMs(2_500)).to.equal(2_500);
    expect(estimatedWaitMs(1e9)).to.equal(86_400_000);
  });

  it("is not told where nobody is let in", () => {
    expect(estimatedWaitMs(Number.POSITIVE_INFINITY)).to.equal(undefined);
  });
});

describe("stockHint", () => {
  for (const [available, hint] of [
    [100, "plenty"],
    [11, "plenty"],
    [10, "low"],
    [1, "low"],
    [0, "gone"],
  ] as const) {
    it(`says ${hint} of ${available} in 100`, () => {
      expect(stockHint({ capacity: 100, available, held: 0 })).to.equal(hint);
    });
  }
});

describe("isAllGone", () => {
  it("is so when nothing is available and nothing is held", () => {
    expect(isAllGone({ capacity: 9, available: 0, held: 0 })).to.equal(true);
    expect(isAllGone({ capacity: 9, available: 0, held: 1 })).to.equal(false);
    expect(isAllGone({ capacity: 9, available: 1, held: 0 })).to.equal(false);
  });
});

describe("isOnSale", () => {
  it("is so from the opening until just before the end", () => {
    const sale = {
      eventId: "e",
      openTime: new Date(10),
      closeTime: new Date(20),
      rules: undefined,
    };
    const when = [9, 10, 19, 20].map((ms) => isOnSale(sale, new Date(ms)));
    expect(when).to.deep.equal([false, true, true, false]);
  });
});
