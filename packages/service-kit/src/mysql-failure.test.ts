import { expect } from "chai";
import { storeFailure } from "./mysql-failure.ts";

describe("storeFailure", () => {
  for (const [where, codes] of [
    [
      "a failover left a server that only reads",
      ["ER_OPTION_PREVENTS_STATEMENT", "ER_READ_ONLY_MODE"],
    ],
    [
      "the server ended the connection, and said why",
      ["ER_SERVER_SHUTDOWN", "ER_SERVER_OFFLINE_MODE", "ER_CLIENT_INTERACTION_TIMEOUT"],
    ],
    [
      "the network does not lead to the server",
      ["ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"],
    ],
  ] as const) {
    it(`says DEPENDENCY_UNAVAILABLE where ${where}`, () => {
      for (const code of codes) {
        const refusal = Object.assign(new Error("refused"), { code });
        expect(storeFailure(refusal), code).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
      }
    });
  }

  it("says so as well where MariaDB ended a statement that took longer than an operator allows", () => {
    const words = "Query execution was interrupted (max_statement_time exceeded)";
    const refusal = Object.assign(new Error(words), { errno: 1969, code: undefined });
    expect(storeFailure(refusal)).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
  });

  it("leaves a bug what it is, whatever it quotes", () => {
    const words = "You have an error in your SQL syntax; … near 'Connection lost, the musical'";
    const bug = Object.assign(new Error(words), { code: "ER_PARSE_ERROR" });
    expect(storeFailure(bug)).to.equal(bug);
  });
});
