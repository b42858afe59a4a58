import { expect } from "chai";
import { normalText } from "./normal-text.ts";

/** The character that is longest when it is taken apart: six UTF-16 units. */
const LONGEST = "\u{16126}";

describe("normalText()", () => {
  it("counts characters as they are stored, however they were written", () => {
    for (const char of ["é", "ᾂ", "😀", LONGEST]) {
      const text = char.repeat(100);
      expect(normalText(text.normalize("NFD"), 100)).to.equal(text.normalize("NFC"));
      expect(normalText(`x${text.normalize("NFD")}`, 100)).to.equal(undefined);
    }
    expect(normalText("", 100)).to.equal("");
  });
});
