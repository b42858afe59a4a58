import { expect } from "chai";
import { type Argon2Cost, PasswordHasher } from "./password-hasher.ts";

const CHEAP: Argon2Cost = { memoryCost: 128, timeCost: 1, parallelism: 1 };

function hasherOf(cost: Argon2Cost, onHash?: (seconds: number) => void): Promise<PasswordHasher> {
  return PasswordHasher.create({ cost, ...(onHash === undefined ? {} : { onHash }) });
}

describe("PasswordHasher", () => {
  it("makes argon2id hashes at the cost it was given, each with its own salt", async () => {
    const hasher = await hasherOf(CHEAP);
    const hash = await hasher.hash("correct horse");
    expect(hash).to.match(/^\$argon2id\$v=19\$m=128,t=1,p=1\$/);
    expect(await hasher.hash("correct horse")).not.to.equal(hash);
  });

  it("knows the right password from a wrong one", async () => {
    const hasher = await hasherOf(CHEAP);
    const hash = await hasher.hash("correct horse");
    expect(await hasher.verify(hash, "correct horse")).to.equal(true);
    expect(await hasher.verify(hash, "Correct horse")).to.equal(false);
  });

  it("takes a password for the same however its accents were typed", async () => {
    const hasher = await hasherOf(CHEAP);
    const hash = await hasher.hash("jose\u0301 jose\u0301");
    expect(await hasher.verify(hash, "jos\u00e9 jos\u00e9")).to.equal(true);
  });

  it("does the same work when there is no account", async () => {
    const costs: number[] = [];
    const hasher = await hasherOf(CHEAP, (seconds) => costs.push(seconds));
    expect(await hasher.verify(undefined, "whatever it is")).to.equal(false);
    expect(costs).to.have.length(1);
  });

  it("knows a hash of another cost", async () => {
    const cheap = await hasherOf(CHEAP);
    const hash = await cheap.hash("correct horse");
    expect(cheap.isOutdated(hash)).to.equal(false);
    for (const change of [{ memoryCost: 256 }, { timeCost: 2 }, { parallelism: 2 }]) {
      expect((await hasherOf({ ...CHEAP, ...change })).isOutdated(hash)).to.equal(true);
    }
  });
});
