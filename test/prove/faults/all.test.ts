import { expect } from "chai";
import { FAULTS, faultNamed } from "./all.ts";
import { breaking } from "./breaking.ts";

describe("FAULTS", () => {
  it("have names of their own, in kebab-case", () => {
    const names = FAULTS.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    expect(names.filter((name) => !/^[a-z]+(-[a-z]+)+(@[a-z]+-[a-z]+)?$/.test(name))).to.deep.equal(
      [],
    );
  });

  it("end within seconds", () => {
    const endless = FAULTS.filter(
      ({ lastsMs: [min, max] }) => min <= 0 || max < min || max > 8_000,
    );
    expect(endless).to.deep.equal([]);
  });
});

describe("faultNamed()", () => {
  it("knows each fault, and a trouble of the network on one link", () => {
    expect(faultNamed("kill-redis")?.part).to.equal("redis");
    expect(faultNamed("net-drop@reservation-mysql")?.mayCut).to.equal(false);
    expect(faultNamed("net-cut@client-bff")?.mayCut).to.equal(true);
  });

  it("knows nothing of what makes no sense", () => {
    expect(faultNamed("net-duplicate@user-mysql")).to.equal(undefined);
    expect(faultNamed("net-strand@bff-inventory")).to.equal(undefined);
    expect(faultNamed("rain")).to.equal(undefined);
  });
});

describe("breaking()", () => {
  it("heals what could be broken only in part", async () => {
    const done: string[] = [];
    const broken = breaking(
      "half of it",
      async () => {
        done.push("broke");
        throw new Error("the other half holds");
      },
      async () => done.push("healed"),
    );
    expect(await broken.catch(String)).to.contain("the other half holds");
    expect(done).to.deep.equal(["broke", "healed"]);
  });
});
