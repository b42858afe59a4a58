import { expect } from "chai";
import {
  formatRefreshToken,
  newSecret,
  nextSecret,
  parseRefreshToken,
  refreshKeyOf,
  secretHash,
} from "./refresh-token.ts";

const SESSION = "0f8fad5b-d9cb-469f-a165-70867728950e";

describe("a refresh token", () => {
  it("is read as it was written", () => {
    const token = { sessionId: SESSION, secret: newSecret() };
    expect(parseRefreshToken(formatRefreshToken(token))).to.deep.equal(token);
  });

  it("is nothing else", () => {
    const text = formatRefreshToken({ sessionId: SESSION, secret: newSecret() });
    for (const other of [
      "",
      ".",
      SESSION,
      text.slice(1),
      `${text}x`,
      `${text}\n`,
      text.replace(".", ""),
    ]) {
      expect(parseRefreshToken(other), other).to.equal(undefined);
    }
  });

  it("is followed by the same one whenever the same request comes again", () => {
    const [key, secret] = [refreshKeyOf(Buffer.alloc(32)), newSecret()];
    const next = nextSecret(key, secret, "r-1");
    expect(nextSecret(refreshKeyOf(Buffer.alloc(32)), secret, "r-1")).to.deep.equal(next);
    for (const other of [
      nextSecret(key, secret, "r-2"),
      nextSecret(key, newSecret(), "r-1"),
      nextSecret(refreshKeyOf(Buffer.alloc(32, 1)), secret, "r-1"),
      nextSecret(Buffer.alloc(32), secret, "r-1"),
    ]) {
      expect(other).not.to.deep.equal(next);
    }
  });

  it("is stored as a hash that does not hold it", () => {
    const secret = newSecret();
    expect(secretHash(secret)).to.have.length(32);
    expect(secretHash(secret)).not.to.deep.equal(secret);
  });
});
