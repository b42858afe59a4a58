import { expect } from "chai";
import {
  KEY_GRACE_MS,
  KEYS_MAX,
  listedKeys,
  nextSignFrom,
  PUBLISH_AHEAD_MS,
  type SigningKey,
  signerOf,
} from "./signing-key.ts";

const START_MS = Date.parse("2030-01-01T00:00:00Z");
const ROTATION_MS = 86_400_000;
const TOKEN_MS = 900_000;

function at(ms: number): Date {
  return new Date(START_MS + ms);
}

function key(sequence: number, signFromMs: number): SigningKey {
  return {
    sequence,
    keyId: `k${sequence}`,
    publicKey: Buffer.alloc(32),
    sealedPrivateKey: Buffer.alloc(0),
    createTime: at(signFromMs),
    signFrom: at(signFromMs),
  };
}

describe("nextSignFrom", () => {
  it("lets the first key sign at once", () => {
    expect(nextSignFrom([], at(0), ROTATION_MS)).to.deep.equal(at(0));
  });

  it("wants no key while the newest one is young", () => {
    const nowMs = ROTATION_MS - PUBLISH_AHEAD_MS - 1;
    expect(nextSignFrom([key(1, 0)], at(nowMs), ROTATION_MS)).to.equal(undefined);
  });

  it("wants the next one early enough to be known when it signs", () => {
    const nowMs = ROTATION_MS - PUBLISH_AHEAD_MS;
    expect(nextSignFrom([key(1, 0)], at(nowMs), ROTATION_MS)).to.deep.equal(at(ROTATION_MS));
  });

  it("announces a key that is overdue all the same", () => {
    const next = nextSignFrom([key(1, 0)], at(9 * ROTATION_MS), ROTATION_MS);
    expect(next).to.deep.equal(at(9 * ROTATION_MS + PUBLISH_AHEAD_MS));
  });
});

describe("signerOf", () => {
  it("signs with the newest key whose time has come", () => {
    const keys = [key(2, 1000), key(1, 0)];
    expect(signerOf(keys, at(999))?.keyId).to.equal("k1");
    expect(signerOf(keys, at(1000))?.keyId).to.equal("k2");
  });

  it("signs with a first key that a faster clock made", () => {
    expect(signerOf([key(1, 50)], at(0))?.keyId).to.equal("k1");
    expect(signerOf([], at(0))).to.equal(undefined);
  });
});

describe("listedKeys", () => {
  it("lists a key before it signs, and the one before without an end", () => {
    const listed = listedKeys([key(2, 1000), key(1, 0)], at(999), TOKEN_MS);
    expect(listed.map(({ keyId }) => keyId)).to.deep.equal(["k2", "k1"]);
    expect(listed.map(({ expireTime }) => expireTime)).to.deep.equal([undefined, undefined]);
  });

  it("lists a replaced key until its last token has expired", () => {
    const keys = [key(2, 1000), key(1, 0)];
    const endMs = 1000 + TOKEN_MS + KEY_GRACE_MS;
    const listed = listedKeys(keys, at(endMs - 1), TOKEN_MS);
    expect(listed[1]?.expireTime).to.deep.equal(at(endMs));
    expect(listedKeys(keys, at(endMs), TOKEN_MS)).to.have.length(1);
  });

  it("lists no more than it promises", () => {
    const keys = Array.from({ length: 12 }, (_, index) => key(12 - index, 12 - index));
    expect(listedKeys(keys, at(20), TOKEN_MS)).to.have.length(KEYS_MAX);
  });
});
