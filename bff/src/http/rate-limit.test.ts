import { expect } from "chai";
import { accountKey, addressKey } from "./rate-limit.ts";

describe("addressKey()", () => {
  for (const [address, key] of [
    ["192.0.2.7", "192.0.2.7"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["2001:0DB8:0:0:ffff::2", "2001:db8:0:0"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["::1", "0:0:0:0"],
    ["::", "0:0:0:0"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["::FFFF:192.0.2.7", "::ffff:c000:207"],
    ["::ffff:192.0.2.8", "::ffff:c000:208"],
    ["192.0.2.7:50001", "192.0.2.7"],
    ["[2001:db8::1]:50001", "2001:db8:0:0"],
    ["[2001:db8::2]", "2001:db8:0:0"],
    ["[fe80::1%eth0]:80", "fe80:0:0:0"],
    ["[::ffff:192.0.2.7]:1", "::ffff:c000:207"],
    ["nonsense", "nonsense"],
    ["[", "["],
    ["a:b:1", "a:b:1"],
    ["", ""],
  ] as const) {
    it(`counts ${JSON.stringify(address)} as ${JSON.stringify(key)}`, () => {
      expect(addressKey(address)).to.equal(key);
    });
  }
});

describe("accountKey()", () => {
  it("is the same whatever an address's case, and not the address", () => {
    expect(accountKey(" Ann@X.test")).to.equal(accountKey("ann@x.TEST"));
    expect(new Set(["ΑΣ@x.test", "ας@x.test", "ασ@x.test"].map(accountKey))).to.have.length(1);
    expect(accountKey("ann@x.test")).not.to.include("ann");
  });
});
