import { ServiceError } from "@tessera/service-kit/service-error";
import { expect } from "chai";
import { emailKeyOf, isPasswordTooLong, parseNewUser, parseRequestId } from "./user.ts";

const ANN = { email: "ann@example.com", password: "correct horse", name: "Ann" };

function fieldRefused(work: () => unknown): string | undefined {
  try {
    work();
  } catch (reason) {
    expect(reason).to.be.instanceOf(ServiceError);
    return reason instanceof ServiceError ? reason.metadata.field : undefined;
  }
  return undefined;
}

describe("emailKeyOf", () => {
  for (const [one, other] of [
    ["Ann@Example.COM", "ann@example.com"],
    ["JOSÉ@example.com", "jose\u0301@example.com"],
    ["\u212Aelvin@example.com", "kelvin@example.com"],
    ["ΑΣ@example.com", "ασ@example.com"],
    ["ΑΣ@example.com", "ας@example.com"],
  ] as const) {
    it(`takes ${one} and ${other} for one address`, () => {
      expect(emailKeyOf(one)).to.equal(emailKeyOf(other));
    });
  }
});

describe("parseNewUser", () => {
  it("returns what it was given", () => {
    expect(parseNewUser(ANN)).to.deep.equal(ANN);
    expect(
      parseNewUser({ ...ANN, password: "🔑".repeat(256), name: "字".repeat(100) }).name,
    ).to.equal("字".repeat(100));
  });

  for (const email of [
    "",
    "ann",
    "@example.com",
    "ann@",
    "a@b@c",
    "ann @example.com",
    "ann@example.com\n",
    "a\u0000nn@example.com",
    "\ud800@example.com",
    `${"a".repeat(250)}@b.example`,
    // Twice as long once it is lowered.
    `${"İ".repeat(200)}@b.example`,
    `a@${"b".repeat(100_000)}`,
  ]) {
    it(`refuses the address ${JSON.stringify(email.slice(0, 20))} (${email.length})`, () => {
      expect(fieldRefused(() => parseNewUser({ ...ANN, email }))).to.equal("email");
    });
  }

  for (const password of ["", "nine char", "x".repeat(257)]) {
    it(`refuses a password of ${password.length} characters`, () => {
      expect(fieldRefused(() => parseNewUser({ ...ANN, password }))).to.equal("password");
    });
  }

  for (const name of ["می\u200cخواهم", "👨\u200d👩\u200d👧", "O'Neill-Łęcka"]) {
    it(`takes the name ${name}`, () => {
      expect(parseNewUser({ ...ANN, name }).name).to.equal(name);
    });
  }

  for (const name of ["", "   ", "x".repeat(101), "An\u0007n", "\udc00", "\u200b", "nnA\u202e"]) {
    it(`refuses the name ${JSON.stringify(name.slice(0, 10))}`, () => {
      expect(fieldRefused(() => parseNewUser({ ...ANN, name }))).to.equal("name");
    });
  }
});

describe("isPasswordTooLong", () => {
  it("counts characters, not bytes", () => {
    expect(isPasswordTooLong("🔑".repeat(256))).to.equal(false);
    expect(isPasswordTooLong("x".repeat(257))).to.equal(true);
  });
});

describe("parseRequestId", () => {
  it("takes printable ASCII only", () => {
    expect(parseRequestId("a".repeat(255))).to.have.length(255);
    for (const requestId of ["", "a".repeat(256), "é", "a\n"]) {
      expect(fieldRefused(() => parseRequestId(requestId))).to.equal("request_id");
    }
  });
});
