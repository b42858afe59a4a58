import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { sqlIn } from "./sql-in.ts";

const ID = "00112233-4455-6677-8899-aabbccddeeff";

describe("sqlIn()", () => {
  it("lists ids as bytes", () => {
    expect(sqlIn("id", [ID, ID])).to.equal(
      "(id IN (X'00112233445566778899aabbccddeeff',X'00112233445566778899aabbccddeeff'))",
    );
  });

  it("is false for no ids", () => {
    expect(sqlIn("id", [])).to.equal("FALSE");
  });

  it("has no list that MariaDB would make a table of", () => {
    const sql = sqlIn(
      "id",
      Array.from({ length: 1001 }, () => randomUUID()),
    );
    const lists = sql.split(" OR ").map((part) => part.split(",").length);
    expect(lists).to.deep.equal([500, 500, 1]);
  });

  it("throws on anything that is no id", () => {
    expect(() => sqlIn("id", ["x' OR 1=1"])).to.throw(TypeError);
  });
});
