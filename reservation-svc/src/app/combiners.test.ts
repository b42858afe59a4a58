import { rejectionOf } from "@tessera/testkit/rejection";
import { expect } from "chai";
import { FAR, partsOf, wish } from "../../test/combiner-fakes.ts";
import { Combiners } from "./combiners.ts";

describe("Combiners", () => {
  it("keeps one line for each event, and counts who waits in the longest", async () => {
    const parts = partsOf({});
    const combiners = new Combiners({ ...parts.options, maxEvents: 10 }, parts.deps);
    const all = [
      combiners.submit("a", wish("1"), FAR),
      combiners.submit("a", wish("2"), FAR),
      combiners.submit("b", wish("3"), FAR),
    ];
    expect(combiners.longest).to.equal(2);
    await parts.ledger.called(2);
    parts.ledger.answerNext();
    parts.ledger.answerNext();
    await Promise.all(all);
    expect(combiners.longest).to.equal(0);
    expect(parts.ledger.events.sort()).to.deep.equal(["a", "b"]);
  });

  it("refuses more events than it may have, and forgets idle ones", async () => {
    const parts = partsOf({ isImmediate: true });
    const combiners = new Combiners({ ...parts.options, maxEvents: 1 }, parts.deps);
    const first = combiners.submit("a", wish("1"), FAR);
    const reason = await rejectionOf(combiners.submit("b", wish("2"), FAR));
    expect(reason).to.include({ reason: "OVERLOADED" });
    await first;
    await parts.lock.releasedTimes(1);
    await new Promise(setImmediate);
    expect(await combiners.submit("b", wish("2"), FAR)).to.include({ totalMinor: 2 });
  });
});
