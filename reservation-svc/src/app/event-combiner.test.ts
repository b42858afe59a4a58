import { ServiceError } from "@tessera/service-kit/service-error";
import { rejectionOf } from "@tessera/testkit/rejection";
import { expect } from "chai";
import { combinerOf, idle, soon, wish } from "../../test/combiner-fakes.ts";
import type { Grant } from "./ledger.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

describe("EventCombiner", () => {
  it("makes one batch of what arrives while a batch is decided, in order", async () => {
    const { combiner, ledger } = combinerOf();
    const first = combiner.submit(wish("1"), soon());
    await ledger.called(1);
    const later = ["2", "3", "4"].map((id) => combiner.submit(wish(id), soon()));
    expect(combiner.depth).to.equal(3);
    ledger.answerNext();
    await ledger.called(2);
    ledger.answerNext();
    const answers = await Promise.all([first, ...later]);
    expect(ledger.ids).to.deep.equal([["1"], ["2", "3", "4"]]);
    expect(answers.map((answer) => (answer as Grant).totalMinor)).to.deep.equal([1, 2, 3, 4]);
  });

  it("sends many batches under one lease, and gives it up when nothing waits", async () => {
    const { combiner, ledger, lock, seen } = combinerOf({ maxBatch: 2, isImmediate: true });
    await Promise.all(["1", "2", "3", "4", "5"].map((id) => combiner.submit(wish(id), soon())));
    expect(ledger.ids).to.deep.equal([["1", "2"], ["3", "4"], ["5"]]);
    expect(ledger.tokens).to.deep.equal([1, 1, 1]);
    await lock.releasedTimes(1);
    expect(lock.acquired).to.equal(1);
    expect(seen).to.deep.include({ batches: [2, 2, 1], holds: 1, waits: 1 });
    await idle(combiner);
  });

  it("keeps the lease for a moment: who was answered comes back", async () => {
    const { combiner, lock } = combinerOf({ isImmediate: true, lingerMs: 5_000 });
    for (const id of ["1", "2", "3"]) {
      await combiner.submit(wish(id), soon());
    }
    expect(lock.acquired).to.equal(1);
    expect(combiner.isIdle).to.equal(false);
  });

  it("gives the lease up after lockHoldMs, though wishes wait", async () => {
    const hold = { lockHoldMs: 10, keepTakesMs: 12, maxBatch: 1 };
    const { combiner, ledger, lock } = combinerOf({ isImmediate: true, ...hold });
    await Promise.all(["1", "2", "3"].map((id) => combiner.submit(wish(id), soon())));
    await lock.releasedTimes(3);
    // On a machine that stalls, a lease may pass unused: never is one used for two batches.
    expect(new Set(ledger.tokens)).to.have.property("size", 3);
    expect(ledger.tokens).to.deep.equal([...ledger.tokens].sort((a, b) => a - b));
  });

  it("keeps the lease after lockHoldMs when nobody else wants it", async () => {
    const hold = { lockHoldMs: 10, keepTakesMs: 12, maxBatch: 1 };
    const { combiner, ledger, lock, seen } = combinerOf({ isImmediate: true, ...hold });
    lock.isWanted = false;
    await Promise.all(["1", "2", "3"].map((id) => combiner.submit(wish(id), soon())));
    await lock.releasedTimes(1);
    expect(ledger.tokens).to.deep.equal([1, 1, 1]);
    // Turn by turn: the metric is how long others would have waited.
    expect(seen.holds).to.equal(3);
  });

  it("does not linger when another replica had the lease last", async () => {
    const { combiner, lock } = combinerOf({ isImmediate: true, lingerMs: 60_000 });
    lock.answer = "busy";
    const answer = combiner.submit(wish("1"), soon());
    await lock.askedTimes(2);
    lock.answer = undefined;
    await answer;
    await lock.releasedTimes(1);
  });

  it("counts a lost lease, and asks again", async () => {
    const { combiner, ledger, lock, seen } = combinerOf({ isImmediate: true, lingerMs: 5_000 });
    await combiner.submit(wish("1"), soon());
    lock.isLost = true;
    await combiner.submit(wish("2"), soon());
    expect(seen.lost).to.equal(1);
    expect(lock.acquired).to.equal(2);
    expect(ledger.tokens).to.deep.equal([1, 2]);
  });

  it("goes without the lock, with token 0, when it was busy for longer than lockWaitMs", async () => {
    const { combiner, ledger, lock, seen } = combinerOf({ isImmediate: true, lockWaitMs: 20 });
    lock.answer = "busy";
    await combiner.submit(wish("1"), soon());
    expect(ledger.tokens).to.deep.equal([0]);
    expect(seen.bypassed).to.deep.equal(["busy"]);
    expect(lock.asked).to.be.greaterThan(1);
  });

  it("waits for a dead holder once, and until the lock has lapsed only asks", async () => {
    const { combiner, ledger, lock, seen } = combinerOf({ isImmediate: true, lockWaitMs: 20 });
    lock.answer = "busy";
    await combiner.submit(wish("1"), soon());
    const asked = lock.asked;
    for (const id of ["2", "3"]) {
      await combiner.submit(wish(id), soon());
    }
    expect(lock.asked).to.equal(asked + 2);
    expect(seen.bypassed).to.deep.equal(["busy", "busy", "busy"]);
    lock.answer = undefined;
    await combiner.submit(wish("4"), soon());
    expect(ledger.tokens).to.deep.equal([0, 0, 0, 1]);
  });

  for (const { when, lockTtlMs = 60_000, isChanging = false, isGot = false } of [
    { when: "though the last was waited for in vain, as others took turns", isChanging: true },
    { when: "when a dead holder's has lapsed", lockTtlMs: 0 },
    { when: "when it was got since", isGot: true },
  ]) {
    it(`waits for a busy lock ${when}`, async () => {
      const times = { lockWaitMs: 20, lockTtlMs };
      const { combiner, lock } = combinerOf({ isImmediate: true, ...times });
      lock.isChanging = isChanging;
      lock.answer = "busy";
      await combiner.submit(wish("1"), soon());
      if (isGot) {
        lock.answer = undefined;
        await combiner.submit(wish("2"), soon());
        await lock.releasedTimes(1);
        lock.answer = "busy";
      }
      const asked = lock.asked;
      await combiner.submit(wish("3"), soon());
      expect(lock.asked).to.be.greaterThan(asked + 1);
    });
  }

  it("takes a busy lock as soon as it comes free", async () => {
    const { combiner, ledger, lock, seen } = combinerOf({ isImmediate: true, lockWaitMs: 10_000 });
    lock.answer = "busy";
    const answer = combiner.submit(wish("1"), soon());
    await lock.askedTimes(2);
    lock.answer = undefined;
    await answer;
    expect(ledger.tokens).to.deep.equal([1]);
    expect(seen).to.deep.include({ waits: 1, bypassed: [] });
  });

  it("goes without the lock at once when its store is down", async () => {
    const { combiner, ledger, lock, seen } = combinerOf({ isImmediate: true });
    lock.answer = "down";
    await combiner.submit(wish("1"), soon());
    expect(ledger.tokens).to.deep.equal([0]);
    expect(seen.bypassed).to.deep.equal(["down"]);
    expect(lock.asked).to.equal(1);
  });

  it("asks again for a fenced batch, with a token above the one that fenced it", async () => {
    const { combiner, ledger, lock, seen } = combinerOf({ isImmediate: true });
    // As of a clock that was ahead, which is no reason to do without.
    const fence = (Date.now() + 363 * DAY_MS) * 1000;
    ledger.fence = fence;
    const answers = await Promise.all(["1", "2"].map((id) => combiner.submit(wish(id), soon())));
    expect(answers.map((answer) => (answer as Grant).totalMinor)).to.deep.equal([1, 2]);
    expect(ledger.ids).to.deep.equal([
      ["1", "2"],
      ["1", "2"],
    ]);
    expect(ledger.tokens).to.deep.equal([1, fence + 1]);
    expect(lock.floors).to.deep.equal([0, fence]);
    expect(seen.bypassed).to.deep.equal(["fenced"]);
  });

  it("goes without a token when a clock was years ahead, in the lock's store or in the ledger", async () => {
    const far = (Date.now() + 366 * DAY_MS) * 1000;
    const { combiner, ledger, seen } = combinerOf({ isImmediate: true });
    ledger.fence = far;
    await combiner.submit(wish("1"), soon());
    await idle(combiner);
    // By now the lock's store counts on from there, too.
    await combiner.submit(wish("2"), soon());
    expect(ledger.tokens).to.deep.equal([1, 0, 0]);
    expect(seen.bypassed).to.deep.equal(["fenced", "ahead", "ahead"]);
  });

  it("does not send a wish that nobody waits for any more", async () => {
    const { combiner, ledger } = combinerOf();
    const first = combiner.submit(wish("1"), soon());
    await ledger.called(1);
    const late = rejectionOf(combiner.submit(wish("late"), performance.now() - 1));
    const next = combiner.submit(wish("2"), soon());
    ledger.answerNext();
    await ledger.called(2);
    ledger.answerNext();
    await Promise.all([first, next]);
    expect(await late).to.include({ reason: "DEADLINE_EXCEEDED" });
    expect(ledger.ids).to.deep.equal([["1"], ["2"]]);
  });

  it("gives a batch the time of its most patient wish: a hasty one fails no neighbour", async () => {
    const { combiner, ledger } = combinerOf({ isImmediate: true });
    await Promise.all([
      combiner.submit(wish("patient"), performance.now() + 60_000),
      combiner.submit(wish("hasty"), performance.now() + 5_000),
    ]);
    expect(ledger.timeouts[0]).to.be.within(30_000, 60_000);
  });

  it("refuses with OVERLOADED when its queue is full", async () => {
    const { combiner, ledger } = combinerOf({ maxQueue: 2 });
    const first = combiner.submit(wish("1"), soon());
    await ledger.called(1);
    const waiting = ["2", "3"].map((id) => combiner.submit(wish(id), soon()));
    const reason = await rejectionOf(combiner.submit(wish("4"), soon()));
    expect(reason).to.include({ reason: "OVERLOADED" });
    ledger.answerNext();
    await ledger.called(2);
    ledger.answerNext();
    await Promise.all([first, ...waiting]);
  });

  it("rejects the batch that the ledger failed, and serves later ones", async () => {
    const { combiner, ledger } = combinerOf({ isImmediate: true });
    ledger.failure = new ServiceError("DEPENDENCY_UNAVAILABLE", "away");
    const failed = await Promise.allSettled(
      ["1", "2"].map((id) => combiner.submit(wish(id), soon())),
    );
    expect(failed.map(({ status }) => status)).to.deep.equal(["rejected", "rejected"]);
    ledger.failure = undefined;
    expect(await combiner.submit(wish("3"), soon())).to.include({ totalMinor: 3 });
  });

  it("hands each wish its own refusal, and the stock to whoever listens", async () => {
    const { combiner, ledger, seen } = combinerOf({ isImmediate: true });
    const refusal = new ServiceError("SOLD_OUT", "gone");
    ledger.refusals.set("2", refusal);
    const [one, two] = await Promise.all(["1", "2"].map((id) => combiner.submit(wish(id), soon())));
    expect(one).to.include({ totalMinor: 1 });
    expect(two).to.equal(refusal);
    expect(seen.stocks).to.deep.equal([1]);
  });

  it("rejects a wish that the ledger left without an answer", async () => {
    const { combiner, ledger } = combinerOf({ isImmediate: true });
    ledger.isShort = true;
    const [one, two] = await Promise.allSettled([
      combiner.submit(wish("1"), soon()),
      combiner.submit(wish("2"), soon()),
    ]);
    expect([one?.status, two?.status]).to.deep.equal(["fulfilled", "rejected"]);
  });
});
