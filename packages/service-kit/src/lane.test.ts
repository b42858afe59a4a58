import { expect } from "chai";
import { Lane } from "./lane.ts";

const reasonOf = (call: Promise<unknown>) =>
  call.then(
    () => "none",
    (thrown: { reason?: string; message: string }) => thrown.reason ?? thrown.message,
  );

describe("Lane", () => {
  it("lets so much go on at once, the rest in order of arrival, and refuses what is too much", async () => {
    const lane = new Lane({ name: "the lane", maxInFlight: 2, maxQueue: 2 });
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<number>());
    const begun: number[] = [];
    const run = (index: number) =>
      lane.run(() => {
        begun.push(index);
        return gates[index]?.promise ?? Promise.resolve(index);
      });
    const first = [0, 1].map(run);
    await new Promise(setImmediate);
    const waiting = [2, 3].map(run);
    expect(await reasonOf(run(4))).to.equal("OVERLOADED");
    expect([begun, lane.depth]).to.deep.equal([[0, 1], 2]);
    gates[1]?.resolve(1);
    gates[2]?.resolve(2);
    expect(await waiting[0]).to.equal(2);
    for (const [index, { resolve }] of gates.entries()) {
      resolve(index);
    }
    expect(await Promise.all([...first, ...waiting])).to.deep.equal([0, 1, 2, 3]);
    expect(begun).to.deep.equal([0, 1, 2, 3]);
  });

  it("goes on after work that fails, and begins none whose time is over", async () => {
    const lane = new Lane({ name: "the lane", maxInFlight: 1, maxQueue: 10 });
    const late: string[] = [];
    const answers = [
      lane.run(() => Promise.reject(new Error("broken"))),
      lane.run(async () => late.push("begun"), performance.now()),
      lane.run(async () => "done"),
    ].map(reasonOf);
    expect(await Promise.all(answers)).to.deep.equal(["broken", "DEADLINE_EXCEEDED", "none"]);
    expect(late).to.deep.equal([]);
  });
});
