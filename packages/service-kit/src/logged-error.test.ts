import { expect } from "chai";
import { briefError, loggedError } from "./logged-error.ts";
import { dependencyUnavailable } from "./service-error.ts";

/** As mysql2 throws it. */
function duplicate(): Error {
  const message = "Duplicate entry 'ann@example.com' for key 'user.email'";
  return Object.assign(new Error(message), {
    code: "ER_DUP_ENTRY",
    errno: 1062,
    sqlMessage: message,
    sql: "INSERT INTO user VALUES ('ann@example.com')",
  });
}

describe("loggedError()", () => {
  it("keeps what tells where a bug is", () => {
    const logged = loggedError(Object.assign(new TypeError("x is undefined"), { code: "E_X" }));
    expect(logged).to.include({ type: "TypeError", message: "x is undefined", code: "E_X" });
    expect(logged).to.have.property("stack").that.contains("logged-error.test.ts");
  });

  it("leaves out what people sent: statements, values, arguments, at any depth", () => {
    const command = { name: "evalsha", args: ["ann@example.com"] };
    for (const error of [
      duplicate(),
      dependencyUnavailable("mysql", duplicate()),
      new AggregateError([duplicate()], "both failed"),
      Object.assign(new Error("ERR"), { command }),
      Object.assign(duplicate(), { query: "SELECT ?", parameters: ["ann@example.com"] }),
      Object.assign(new Error("failed"), { driverError: duplicate(), inner: duplicate() }),
    ]) {
      expect(JSON.stringify(loggedError(error))).not.to.contain("ann@");
    }
  });

  it("keeps names of tables and keys, which MySQL quotes as well", () => {
    expect(loggedError(duplicate())).to.include({
      code: "ER_DUP_ENTRY",
      message: "Duplicate entry '…' for key 'user.email'",
    });
    const missing = new Error("Table 'a.event' doesn't exist");
    expect(loggedError(missing)).to.include({ message: missing.message });
    const syntax = "an error in your SQL syntax near 'O'Hara', 'x')' at line 1";
    expect(loggedError(new Error(syntax))).to.include({
      message: "an error in your SQL syntax near '…' at line 1",
    });
  });

  it("leaves alone what is no error", () => {
    for (const thrown of ["text", 7, undefined, null]) {
      expect(loggedError(thrown)).to.equal(thrown);
    }
  });
});

describe("briefError()", () => {
  it("says what failed and why, without stack traces, and nothing that people sent", () => {
    expect(briefError(dependencyUnavailable("mysql", duplicate()))).to.deep.equal({
      type: "ServiceError",
      message: "mysql is unavailable: Duplicate entry '…' for key 'user.email'",
    });
    expect(briefError("text")).to.equal("text");
  });

  it("tells of five causes, however many there are", () => {
    const chain = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0].reduce<Error | undefined>(
      (cause, depth) => new Error(`${depth}`, { cause }),
      undefined,
    );
    expect(briefError(chain)).to.include({ message: "0: 1: 2: 3: 4: 5" });
  });
});
