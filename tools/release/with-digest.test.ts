import { expect } from "chai";
import { withDigest } from "./with-digest.ts";

const OLD = `sha256:${"0".repeat(64)}`;
const NEW = `sha256:${"a".repeat(64)}`;

describe("withDigest()", () => {
  it("replaces the digest and nothing else", () => {
    const values = (digest: string) => `# Why.
service:
  image:
    digest: ${digest}
  # One in each zone.
  resources:
    requests: { cpu: 100m, memory: 128Mi }
`;
    expect(withDigest(values(OLD), NEW)).to.equal(values(NEW));
  });

  it("adds the first one", () => {
    expect(withDigest("service:\n  replicas: 3\n", NEW)).to.equal(
      `service:\n  replicas: 3\n  image:\n    digest: ${NEW}\n`,
    );
  });

  it("refuses what is no digest", () => {
    for (const digest of ["None", "sha256:", `${NEW}0`, NEW.toUpperCase()]) {
      expect(() => withDigest("service: {}\n", digest)).to.throw("is no digest");
    }
  });
});
