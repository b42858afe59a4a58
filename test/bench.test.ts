import { expect } from "chai";
import { type Row, wrongAnswers } from "../bench/report.ts";

describe("npm run bench", () => {
  const rest = { rounds: 1, perSecond: 1, perSecondByRound: [1], p50: 1, p95: 1, p99: 1 };
  const wrongOf = (byStatus: Row["byStatus"]) =>
    wrongAnswers({ scenario: "d", connections: 64, byStatus, ...rest });

  for (const [byStatus, wrong] of [
    [{ 201: 5, 503: 1, 504: 1 }, []],
    [{ 409: 5 }, []],
    [{ 201: 5, 429: 2 }, ["2 were answered 429"]],
    [{ 201: 5, 500: 2 }, ["2 were answered 500"]],
    [{ 500: 2 }, ["2 were answered 500", "nobody was served"]],
    [{ 503: 2 }, ["nobody was served"]],
    [{}, ["nobody was served"]],
  ] as const) {
    it(`says ${wrong.length} things of ${JSON.stringify(byStatus)}`, () => {
      expect(wrongOf(byStatus)).to.deep.equal(wrong.map((one) => `d, 64 connections: ${one}`));
    });
  }
});
