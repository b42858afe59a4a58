import { expect } from "chai";
import type { Operation } from "../history.ts";
import { SampleRound } from "./sample-round.ts";
import { shortest } from "./shortest.ts";

/** So many operations about nothing. */
function operations(count: number): readonly Operation[] {
  const round = new SampleRound();
  for (let number = 0; number < count; number += 1) {
    round.queue("ann", "poll");
  }
  return round.operations;
}

describe("the shortest history", () => {
  const all = operations(500);

  it("has nothing that is not needed", () => {
    const needed = [7, 300, 301];
    let tries = 0;
    const left = shortest(all, (some) => {
      tries += 1;
      return needed.every((wanted) => some.some(({ number }) => number === wanted));
    });
    expect(left.map(({ number }) => number)).to.deep.equal(needed);
    expect(tries).to.be.below(202);
  });

  it("is looked for in bounded time", () => {
    let tries = 0;
    const left = shortest(all, (some) => {
      tries += 1;
      return some.length === all.length;
    });
    expect(left).to.deep.equal(all);
    expect(tries).to.be.below(202);
  });

  it("is all of it where the stores alone show what is wrong", () => {
    expect(shortest(all, () => true)).to.equal(all);
  });
});
