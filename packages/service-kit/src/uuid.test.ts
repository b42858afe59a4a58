import { expect } from "chai";
import { isUuid, uuidFromBytes, uuidOf, uuidToBytes } from "./uuid.ts";

const ID = "0190a5c8-7b1e-7c3d-8f00-0123456789ab";

describe("isUuid", () => {
  it("takes the lower-case text form of any version", () => {
    expect(isUuid(ID)).to.equal(true);
    expect(isUuid("00000000-0000-0000-0000-000000000000")).to.equal(true);
  });

  for (const text of [
    "",
    ID.toUpperCase(),
    `${ID}0`,
    ID.slice(1),
    ID.replaceAll("-", ""),
    `${ID}\n`,
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(isUuid(text)).to.equal(false);
    });
  }
});

describe("uuidFromBytes", () => {
  it("undoes uuidToBytes", () => {
    const bytes = uuidToBytes(ID);
    expect(bytes).to.have.length(16);
    expect(uuidFromBytes(bytes)).to.equal(ID);
  });
});

describe("uuidOf", () => {
  it("gives the same texts the same UUID, of version 8", () => {
    const uuid = uuidOf("CreateReservation", "user", "request");
    expect(uuid).to.equal(uuidOf("CreateReservation", "user", "request"));
    expect(uuid).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(isUuid(uuid)).to.equal(true);
  });

  it("keeps lists apart that read the same", () => {
    const ids = [uuidOf("a", "bc"), uuidOf("ab", "c"), uuidOf("abc"), uuidOf("a", "b", "c")];
    expect(new Set(ids)).to.have.property("size", ids.length);
  });
});
