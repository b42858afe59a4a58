import { ServiceError } from "@tessera/service-kit/service-error";
import { expect } from "chai";
import { StuckEvents } from "./stuck-events.ts";

const LOCKED = new Error("the lock was waited for in vain");

describe("StuckEvents", () => {
  const newEvents = () => new StuckEvents((reason) => reason === LOCKED);
  const failure = (promise: Promise<unknown>) => promise.catch((reason: unknown) => reason);

  it("waits for a lock of which nothing is known, and asks once it was waited for in vain", async () => {
    const events = newEvents();
    const tries: boolean[] = [];
    const work = ({ isWaiting }: { isWaiting: boolean }) => {
      tries.push(isWaiting);
      return Promise.reject(LOCKED);
    };
    expect(await failure(events.attempt("a", work))).to.equal(LOCKED);
    expect(await failure(events.attempt("a", work))).to.equal(LOCKED);
    expect([tries, events.has("a"), events.has("b")]).to.deep.equal([[true, false], true, false]);
    expect(await events.attempt("a", () => Promise.resolve("got it"))).to.equal("got it");
    expect(events.has("a")).to.equal(false);
  });

  it("knows what it knew when an attempt ends for another reason: its caller has gone", async () => {
    const events = newEvents();
    events.add("a");
    const gone = new Error("the caller has gone");
    expect(await failure(events.attempt("a", () => Promise.reject(gone)))).to.equal(gone);
    expect(await failure(events.attempt("b", () => Promise.reject(gone)))).to.equal(gone);
    expect([events.has("a"), events.has("b")]).to.deep.equal([true, false]);
  });

  it("lets others share the fate of the attempt that is under way", async () => {
    const events = newEvents();
    const lucky = Promise.withResolvers<string>();
    const first = events.attempt("a", () => lucky.promise);
    const second = events.attempt("a", () => Promise.reject(new Error("two at a time")));
    lucky.resolve("got it");
    expect([await first, await second]).to.deep.equal(["got it", undefined]);
    const unlucky = Promise.withResolvers<string>();
    const third = failure(events.attempt("a", () => unlucky.promise));
    const fourth = failure(events.attempt("a", () => Promise.reject(new Error("two at a time"))));
    unlucky.reject(LOCKED);
    expect(await third).to.equal(LOCKED);
    expect(await fourth).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
  });

  it("gives the next one its turn when an attempt ends for its caller's own reason", async () => {
    const events = newEvents();
    events.suspect(["a"]);
    const leaving = Promise.withResolvers<string>();
    const first = failure(events.attempt("a", () => leaving.promise));
    const left = new AbortController();
    const gone = failure(
      events.attempt("a", () => Promise.reject(new Error("nobody waits for it")), left.signal),
    );
    const second = events.attempt("a", () => Promise.resolve("got it"));
    const third = events.attempt("a", () => Promise.reject(new Error("two at a time")));
    left.abort();
    leaving.reject(new ServiceError("FENCED", "the token is old"));
    expect(await first).to.include({ reason: "FENCED" });
    expect(await gone).to.include({ reason: "CANCELLED" });
    expect([await second, await third, events.has("a")]).to.deep.equal([
      "got it",
      undefined,
      false,
    ]);
  });

  it("asks again for a lock that is suspected and taken, and refuses nobody meanwhile", async () => {
    const events = newEvents();
    events.suspect(["a"]);
    const tries: boolean[] = [];
    const first = events.attempt("a", ({ isWaiting }) => {
      tries.push(isWaiting);
      return tries.length < 3 ? Promise.reject(LOCKED) : Promise.resolve("got it");
    });
    const second = events.attempt("a", () => Promise.reject(new Error("two at a time")));
    expect([await first, await second]).to.deep.equal(["got it", undefined]);
    expect([tries, events.has("a")]).to.deep.equal([[false, false, false], false]);
  });

  it("knows a suspected lock as stuck once it was asked for long enough", async () => {
    const events = newEvents();
    events.suspect(["a"]);
    let asked = 0;
    const work = () => {
      asked += 1;
      return Promise.reject(LOCKED);
    };
    expect(await failure(events.attempt("a", work))).to.equal(LOCKED);
    asked = 0;
    // One that is suspected would be asked for again and again.
    expect(await failure(events.attempt("a", work))).to.equal(LOCKED);
    expect([asked, events.has("a")]).to.deep.equal([1, true]);
  });

  it("knows a stuck lock as stuck when it is suspected as well", async () => {
    const events = newEvents();
    events.add("a");
    events.suspect(["a"]);
    let asked = 0;
    const work = () => {
      asked += 1;
      return Promise.reject(LOCKED);
    };
    expect(await failure(events.attempt("a", work))).to.equal(LOCKED);
    expect(asked).to.equal(1);
  });

  it("keeps a bounded number in mind, the newest", () => {
    const events = newEvents();
    for (let nth = 0; nth <= 1_000; nth += 1) {
      events.add(`${nth}`);
    }
    expect([events.has("0"), events.has("1"), events.has("1000")]).to.deep.equal([
      false,
      true,
      true,
    ]);
  });
});
