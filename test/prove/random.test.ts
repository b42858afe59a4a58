import { expect } from "chai";
import { Random } from "./random.ts";

describe("Random", () => {
  it("gives the same to the same seed and names", () => {
    const ten = (random: Random) => Array.from({ length: 10 }, () => random.integer(0, 1e9));
    expect(ten(new Random(4).fork("a"))).to.deep.equal(ten(new Random(4).fork("a")));
    expect(ten(new Random(4).fork("a"))).not.to.deep.equal(ten(new Random(4).fork("b")));
    expect(ten(new Random(4))).not.to.deep.equal(ten(new Random(5)));
  });

  it("gives a fork what it would get, whatever was asked before", () => {
    const one = new Random(1);
    const first = one.fork("buyers").fraction();
    one.fraction();
    expect(one.fork("buyers").fraction()).to.equal(first);
  });

  it("is even", () => {
    const random = new Random(2);
    const counts = [0, 0, 0, 0];
    for (let times = 0; times < 4_000; times += 1) {
      const number = random.integer(0, 3);
      counts[number] = (counts[number] ?? 0) + 1;
    }
    for (const count of counts) {
      expect(count).to.be.within(850, 1_150);
    }
    expect(new Set(random.shuffled([1, 2, 3])).size).to.equal(3);
  });

  it("has nothing to pick from nothing", () => {
    expect(() => new Random(1).pick([])).to.throw("nothing to pick from");
  });
});
