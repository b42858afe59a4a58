import { expect } from "chai";
import { escape as escapeText } from "mysql2";
import {
  bytesLiteral,
  integerLiteral,
  textLiteral,
  timeLiteral,
  uuidLiteral,
  uuidTable,
} from "./sql-literal.ts";

describe("SQL literals", () => {
  it("writes a UUID as its bytes, and nothing but a UUID", () => {
    const id = "0190a5c8-7b1e-7c3d-8f00-0123456789ab";
    expect(uuidLiteral(id)).to.equal("X'0190a5c87b1e7c3d8f000123456789ab'");
    expect(() => uuidLiteral("' OR 1 = 1 -- ")).to.throw(TypeError);
  });

  it("writes bytes in hexadecimal", () => {
    expect(bytesLiteral(Buffer.from([0, 39, 255]))).to.equal("X'0027ff'");
  });

  it("writes a time in UTC to the millisecond, and no invalid one", () => {
    const time = new Date("2026-01-02T03:04:05.678Z");
    expect(timeLiteral(time)).to.equal("'2026-01-02 03:04:05.678'");
    expect(() => timeLiteral(new Date(Number.NaN))).to.throw(RangeError);
  });

  it("writes whole numbers only", () => {
    expect(integerLiteral(-7)).to.equal("-7");
    for (const value of [1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => integerLiteral(value)).to.throw(TypeError);
    }
  });

  it("quotes and escapes text", () => {
    expect(textLiteral("it's \\ \n")).to.equal("'it\\'s \\\\ \\n'");
  });

  it("leaves text as it is that means itself between apostrophes", () => {
    expect(textLiteral('{"a":1}')).to.equal(`'{"a":1}'`);
    for (const special of ["'", "\\", "\0", "\x1a", "\n", "é", "\u2028"]) {
      expect(textLiteral(`a${special}`), JSON.stringify(special)).to.equal(
        escapeText(`a${special}`),
      );
    }
  });

  it("writes a table of UUIDs, and of nothing but UUIDs", () => {
    const id = "0190a5c8-7b1e-7c3d-8f00-0123456789ab";
    expect(uuidTable("owner", ["event", "user"], [[id, id]])).to.equal(
      `JSON_TABLE('[["0190a5c87b1e7c3d8f000123456789ab","0190a5c87b1e7c3d8f000123456789ab"]]', ` +
        "'$[*]' COLUMNS (event CHAR(32) PATH '$[0]', user CHAR(32) PATH '$[1]')) AS owner",
    );
    expect(() => uuidTable("owner", ["event"], [["' OR 1 = 1 -- "]])).to.throw(TypeError);
  });
});
