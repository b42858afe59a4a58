import { expect } from "chai";
import { Random } from "../random.ts";
import { keyTag } from "./key-tag.ts";

describe("keyTag", () => {
  it("is the same for the same seed, and another for each other seed and round", () => {
    const run = (seed: number) =>
      Array.from({ length: 100 }, (_unused, round) =>
        keyTag(new Random(seed).fork(`round ${round}`)),
      );
    expect(run(1)).to.deep.equal(run(1));
    expect(new Set([...run(1), ...run(2)])).to.have.property("size", 200);
    expect(run(1)[0]).to.match(/^[0-9a-f]{16}$/);
  });
});
