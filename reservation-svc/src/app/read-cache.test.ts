import { expect } from "chai";
import { ReadCache } from "./read-cache.ts";

describe("ReadCache", () => {
  const bounds = { freshMs: 10, lateMs: 20, failMs: 30, maxKeys: 2 };
  let now = 0;
  let reads: { key: string; answer: PromiseWithResolvers<{ text: string }> }[];
  let cache: ReadCache<{ text: string }>;
  const nth = (index: number) => reads[index]?.answer ?? expect.fail("there was no such read");

  beforeEach(() => {
    now = 0;
    reads = [];
    const read = (key: string) => {
      const answer = Promise.withResolvers<{ text: string }>();
      reads.push({ key, answer });
      return answer.promise;
    };
    cache = new ReadCache({ ...bounds, read, now: () => now });
  });

  const known = async (key: string) => {
    const first = cache.get(key);
    nth(reads.length - 1).resolve({ text: key });
    await first;
  };

  it("reads once, however many ask, and then gives what it knows at once", async () => {
    const all = [cache.get("a"), cache.get("a"), cache.get("a")];
    nth(0).resolve({ text: "one" });
    expect(await Promise.all(all)).to.deep.equal(Array(3).fill({ text: "one" }));
    now = 10;
    expect(cache.get("a")).to.deep.equal({ text: "one" });
    expect(reads).to.have.length(1);
  });

  it("gives what is a little old while it reads it anew", async () => {
    await known("a");
    now = 20;
    expect(cache.get("a")).to.deep.equal({ text: "a" });
    expect(cache.get("a")).to.deep.equal({ text: "a" });
    expect(reads).to.have.length(2);
    nth(1).resolve({ text: "new" });
    await nth(1).promise;
    await Promise.resolve();
    expect(cache.get("a")).to.deep.equal({ text: "new" });
  });

  it("does without a new reading that fails, for a while", async () => {
    await known("a");
    now = 15;
    expect(cache.get("a")).to.deep.equal({ text: "a" });
    nth(1).reject(new Error("away"));
    await nth(1).promise.catch(() => undefined);
    now = 30;
    const later = cache.get("a");
    nth(2).reject(new Error("away"));
    expect(await later).to.deep.equal({ text: "a" });
    now = 31;
    const tooLate = cache.get("a");
    nth(3).reject(new Error("away"));
    const failure = await Promise.resolve(tooLate).catch((reason: unknown) => reason);
    expect(failure).to.be.instanceOf(Error);
  });

  it("gives nothing older to who must know better", async () => {
    await known("a");
    now = 4;
    const ages = { freshMs: 3, lateMs: 5 };
    expect(cache.get("a", ages)).to.deep.equal({ text: "a" });
    expect(reads).to.have.length(2);
    now = 6;
    const recent = cache.get("a", ages);
    expect(cache.get("a")).to.deep.equal({ text: "a" });
    nth(1).resolve({ text: "new" });
    expect(await recent).to.deep.equal({ text: "new" });
  });

  it("remembers so many, and forgets whom nobody asks for", async () => {
    await known("a");
    await known("b");
    expect(cache.get("a")).to.deep.equal({ text: "a" });
    await known("c");
    expect(cache.get("a")).to.deep.equal({ text: "a" });
    expect(cache.get("b")).to.be.instanceOf(Promise);
  });

  it("reads when it is told to, whatever it knows", async () => {
    await known("a");
    const fresh = cache.refresh("a");
    nth(1).resolve({ text: "new" });
    expect(await fresh).to.deep.equal({ text: "new" });
    expect(cache.get("a")).to.deep.equal({ text: "new" });
  });
});
