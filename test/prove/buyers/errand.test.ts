import { expect } from "chai";
import { Random } from "../random.ts";
import { chooseErrand, type Errand } from "./errand.ts";
import { openingsFor } from "./opening.ts";

const PEOPLE = 200;
const openings = openingsFor(PEOPLE);

function errands(seed: number, count = 2_000): Errand[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_unused, index) =>
    chooseErrand(random, index + 1, { openings, people: PEOPLE }),
  );
}

describe("chooseErrand", () => {
  it("chooses the same again from the same seed", () => {
    expect(errands(7)).to.deep.equal(errands(7));
  });

  it("chooses something else from another seed", () => {
    expect(errands(7)).not.to.deep.equal(errands(8));
  });

  it("depends on the number alone, not on what was chosen before", () => {
    const random = new Random(7);
    random.fraction();
    const last = chooseErrand(random, 2_000, { openings, people: PEOPLE });
    expect(last).to.deep.equal(errands(7).at(-1));
  });

  it("sends somebody on every kind of errand, with every step", () => {
    const all = errands(1);
    expect(new Set(all.map(({ kind }) => kind))).to.have.all.keys("purchase", "visit", "resize");
    const purchases = all.flatMap((one) => purchaseOf(one) ?? []);
    expect(new Set(purchases.flatMap(({ steps }) => steps))).to.have.all.keys(
      ...["confirm", "cancel", "extend", "look", "again", "rivals", "lapse"],
    );
    const visits = all.flatMap((one) => (one.kind === "visit" ? [one] : []));
    expect(new Set(visits.map(({ passUse }) => passUse))).to.have.all.keys(
      ...["soon", "late", "twice", "never"],
    );
  });

  it("names people, events and ticket types that there are, and quantities that may be asked", () => {
    for (const errand of errands(3)) {
      const purchase = purchaseOf(errand);
      if (purchase !== undefined) {
        expect(purchase.person).to.be.within(0, PEOPLE - 1);
        for (const { type, quantity } of purchase.lines) {
          expect(openings[purchase.opening]?.capacities[type]).to.be.greaterThan(0);
          expect(quantity).to.be.within(1, 100);
        }
      }
    }
  });
});

describe("openingsFor", () => {
  for (const people of [20, 200, 1_000]) {
    it(`lets ${people} people want more of what is scarce than there is`, () => {
      const scarce = openingsFor(people).filter(({ isScarce }) => isScarce);
      for (const { name, capacities, maxPerUser } of scarce) {
        const units = capacities.reduce((sum, capacity) => sum + capacity, 0);
        expect(people * maxPerUser, name).to.be.greaterThan(1.5 * units);
      }
    });
  }
});

function purchaseOf(errand: Errand) {
  return errand.kind === "visit"
    ? errand.purchase
    : errand.kind === "purchase"
      ? errand
      : undefined;
}
