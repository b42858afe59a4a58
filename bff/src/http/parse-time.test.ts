import { expect } from "chai";
import { parseTime } from "./parse-time.ts";

describe("parseTime()", () => {
  for (const [text, time] of [
    ["2030-01-31T20:00:00Z", "2030-01-31T20:00:00.000Z"],
    ["2030-01-31T20:00:00.123456+02:00", "2030-01-31T18:00:00.123Z"],
    ["2028-02-29T00:00:00Z", "2028-02-29T00:00:00.000Z"],
    ["1970-01-01T00:00:00-12:00", "1970-01-01T12:00:00.000Z"],
  ] as const) {
    it(`reads ${text}`, () => {
      expect(parseTime(text)?.toISOString()).to.equal(time);
    });
  }

  for (const text of [
    "2030-02-30T00:00:00Z",
    "2030-01-00T00:00:00Z",
    "2030-13-01T00:00:00Z",
    "2030-01-31T24:00:00Z",
    "2030-01-31T25:00:00Z",
    "2030-01-31T20:00:00",
    "2030-01-31",
    "1969-12-31T23:59:59Z",
    "tomorrow",
    "",
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(parseTime(text)).to.equal(undefined);
    });
  }
});
