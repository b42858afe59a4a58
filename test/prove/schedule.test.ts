import { expect } from "chai";
import { FAULTS } from "./faults/all.ts";
import { Random } from "./random.ts";
import { drawRounds, type PlannedRound } from "./schedule.ts";

const MINUTE_MS = 60_000;

describe("drawRounds()", () => {
  it("draws the same from the same seed, and something else from another", () => {
    expect(shown(drawn(7, 30))).to.deep.equal(shown(drawn(7, 30)));
    expect(shown(drawn(7, 30))).not.to.deep.equal(shown(drawn(8, 30)));
  });

  it("begins with a round in which nothing breaks", () => {
    expect(drawn(1, 5)[0]).to.include({ number: 1, kind: "steady" });
  });

  it("breaks something, however little time there is", () => {
    for (const minutes of [0, 1]) {
      expect(drawn(1, minutes).map(({ kind }) => kind)).to.deep.equal(["steady", "alone"]);
    }
  });

  it("brings every fault alone once there is time for all of them, and then several together", () => {
    const rounds = drawn(3, 90);
    const alone = rounds.filter(({ kind }) => kind === "alone").flatMap(({ faults }) => faults);
    expect(alone.map(({ fault }) => fault.name)).to.have.members(FAULTS.map(({ name }) => name));
    const together = rounds.filter(({ kind }) => kind === "together");
    expect(together.length).to.be.greaterThan(10);
    expect(
      new Set(together.flatMap(({ faults }) => faults.map(({ fault }) => fault))).size,
    ).to.equal(FAULTS.length);
  });

  it("keeps to the time that it has", () => {
    const arrivals = drawn(5, 10).reduce((sum, { arrivalsMs }) => sum + arrivalsMs, 0);
    expect(arrivals).to.be.within(4 * MINUTE_MS, 10 * MINUTE_MS);
  });

  it("never breaks more than two things at a time, nor one part twice", () => {
    for (const { faults } of drawn(9, 60)) {
      for (const { atMs } of faults) {
        const present = faults.filter((one) => one.atMs <= atMs && atMs < one.atMs + one.forMs);
        const parts = present.map(({ fault }) => fault.part);
        expect(parts.length).to.be.at.most(2);
        expect(new Set(parts).size).to.equal(parts.length);
      }
    }
  });

  it("heals everything before people cease to arrive", () => {
    for (const { faults, arrivalsMs } of drawn(11, 60)) {
      for (const { atMs, forMs } of faults) {
        expect(atMs + forMs).to.be.lessThan(arrivalsMs);
      }
    }
  });
});

function drawn(seed: number, minutes: number): PlannedRound[] {
  const random = new Random(seed);
  return drawRounds({ random, faults: FAULTS, forMs: minutes * MINUTE_MS });
}

function shown(rounds: readonly PlannedRound[]) {
  return rounds.map(({ faults }) =>
    faults.map(({ fault, atMs, forMs }) => `${fault.name} ${atMs} ${forMs}`),
  );
}
