import { expect } from "chai";
import { InvalidRequest } from "./invalid-request.ts";
import { ObjectReader } from "./object-reader.ts";

/** The errors that reading ends with, as `field detail`. */
function errorsOf(body: unknown, known: string[], read: (reader: ObjectReader) => void): string[] {
  const reader = ObjectReader.ofBody(body, known);
  read(reader);
  try {
    reader.finish();
    return [];
  } catch (reason) {
    return reason instanceof InvalidRequest
      ? reason.errors.map(({ field, detail }) => `${field} ${detail}`)
      : [String(reason)];
  }
}

describe("ObjectReader", () => {
  for (const body of [undefined, null, [], "text", 7]) {
    it(`refuses a body that is ${JSON.stringify(body) ?? "absent"}`, () => {
      expect(() => ObjectReader.ofBody(body, [])).to.throw("must be a JSON object");
    });
  }

  for (const quantity of [0, 101, 1.5, "1", true, [], {}, 1e300, -1]) {
    it(`refuses ${JSON.stringify(quantity)} as a whole number from 1 to 100`, () => {
      const errors = errorsOf({ quantity }, ["quantity"], (reader) => {
        reader.integer("quantity", { min: 1, max: 100 });
      });
      expect(errors).to.deep.equal(["quantity must be a whole number from 1 to 100"]);
    });
  }

  it("names everything that is wrong, wherever it is", () => {
    const body = { list: [{ id: "x" }, 7, { other: 1 }], more: 1, __proto__: null };
    const errors = errorsOf(body, ["list", "needed"], (reader) => {
      reader.list("list", { min: 1, max: 5, known: ["id"] }, (item) => item.uuid("id"));
      reader.text("needed", { min: 1, max: 9 });
    });
    expect(errors).to.deep.equal([
      "more is not a known property",
      "list[0].id must be a UUID",
      "list[1] must be an object",
      "list[1].id is required",
      "list[2].other is not a known property",
      "list[2].id is required",
      "needed is required",
    ]);
  });

  it("does not take a property of every object for the client's", () => {
    const body: unknown = JSON.parse('{"__proto__": {"role": "organiser"}, "constructor": 1}');
    const errors = errorsOf(body, ["role"], (reader) => void reader.has("role"));
    expect(errors).to.deep.equal([
      "__proto__ is not a known property",
      "constructor is not a known property",
    ]);
  });

  it("tells names that are no text, or are cut, as text", () => {
    const body = { "a\ud800": 1, [`${"x".repeat(63)}😀`]: 1 };
    expect(errorsOf(body, [], () => undefined)).to.deep.equal([
      "a\ufffd is not a known property",
      `${"x".repeat(63)}\ufffd… is not a known property`,
    ]);
  });

  it("stops counting errors at 20", () => {
    const items = Array.from({ length: 50 }, () => ({}));
    const errors = errorsOf({ items }, ["items"], (reader) => {
      reader.list("items", { min: 1, max: 50, known: [] }, (item) => item.uuid("id"));
    });
    expect(errors).to.have.length(20);
  });

  it("counts characters, not UTF-16 units", () => {
    const read = (name: string) =>
      errorsOf({ name }, ["name"], (reader) => void reader.text("name", { min: 2, max: 3 }));
    expect(read("🎫🎫🎫")).to.deep.equal([]);
    expect(read("🎫🎫🎫🎫")).to.deep.equal(["name must have 2 to 3 characters"]);
    expect(read("\ud800xx")).to.deep.equal(["name must be well-formed Unicode"]);
  });

  it("reads UUIDs in lower case", () => {
    const id = "0B0E7C1A-5D0F-4C3E-8D61-0C5B8B8C7E11";
    expect(ObjectReader.ofBody({ id }, ["id"]).uuid("id")).to.equal(id.toLowerCase());
  });

  it("says once that an object is missing", () => {
    const errors = errorsOf({}, ["price"], (reader) => {
      reader.object("price", ["amount"]).integer("amount", { min: 0, max: 1 });
    });
    expect(errors).to.deep.equal(["price is required"]);
  });

  it("reads one of a few words", () => {
    const errors = errorsOf({ word: "shut" }, ["word"], (reader) => {
      reader.oneOf("word", ["open", "closed"]);
    });
    expect(errors).to.deep.equal(["word must be one of open, closed"]);
  });
});
