import { expect } from "chai";
import { flatness } from "./flatness.ts";
import type { Footprint, ProcessFootprint } from "./footprint.ts";
import { leftBehind } from "./left-behind.ts";

describe("leftBehind()", () => {
  it("finds nothing where nothing is left", () => {
    expect(leftBehind(footprint(), footprint({ mysqlConnections: 16 }))).to.deep.equal([]);
  });

  it("finds memory, files and connections that a process kept", () => {
    const kept = { rssMib: 260, heapMib: 150, files: 120, sockets: 110, busyConnections: 9 };
    const found = leftBehind(footprint(), footprint({}, { ...kept, waitingCallers: 2 }));
    expect(found).to.have.lengthOf(7);
    expect(found.join("; ")).to.contain("inventory-svc-1: rssMib 100 before, 260 after");
  });

  it("compares a process with nothing when it was started meanwhile", () => {
    const after = footprint({}, { pid: 2, heapMib: 150, files: 120, sockets: 110 });
    expect(leftBehind(footprint(), after)).to.deep.equal([]);
  });

  it("finds what the stores kept", () => {
    const kept = { mysqlConnections: 17, oldTransactions: 1, redisClients: 20, locks: 1 };
    expect(leftBehind(footprint(), footprint(kept))).to.have.lengthOf(4);
  });

  it("takes silence for a fault", () => {
    expect(leftBehind(footprint(), footprint({ mysqlConnections: undefined }))).to.deep.equal([
      "connections to MySQL: nobody could tell",
    ]);
  });
});

describe("flatness()", () => {
  it("forgives the first third, and noise", () => {
    const samples = Array.from({ length: 300 }, (_unused, index) =>
      footprint(
        { atMs: index * 1_000 },
        { rssMib: index < 100 ? 50 + index : 150 + (index % 7), heapMib: 40 + (index % 20) },
      ),
    );
    const slopes = flatness(
      samples,
      samples.map(({ atMs }) => ({ atMs, ms: 20 + (atMs % 5_000) / 1_000 })),
    );
    expect(slopes.map(({ what }) => what)).to.include.members([
      "inventory-svc rssMib",
      "redisClients",
      "latency",
    ]);
    expect(slopes.filter(({ isFlat }) => !isFlat)).to.deep.equal([]);
  });

  it("sees what grows for ever", () => {
    const samples = Array.from({ length: 300 }, (_unused, index) =>
      footprint({ atMs: index * 1_000 }, { rssMib: 80 + index / 2, files: 20 + index }),
    );
    const latencies = samples.map(({ atMs }) => ({ atMs, ms: 20 + atMs / 500 }));
    const steep = flatness(samples, latencies).filter(({ isFlat }) => !isFlat);
    expect(steep.map(({ what }) => what)).to.deep.equal([
      "inventory-svc rssMib",
      "inventory-svc files",
      "latency",
    ]);
  });

  it("says nothing of what it does not know", () => {
    expect(flatness([])).to.deep.equal([]);
  });
});

function footprint(
  more: Partial<Footprint> = {},
  ofProcess: Partial<ProcessFootprint> = {},
): Footprint {
  return {
    atMs: 0,
    processes: [
      {
        name: "inventory-svc-1",
        pid: 1,
        rssMib: 100,
        heapMib: 40,
        files: 30,
        sockets: 20,
        busyConnections: 1,
        waitingCallers: 0,
        ...ofProcess,
      },
    ],
    mysqlConnections: 4,
    oldTransactions: 0,
    redisClients: 10,
    locks: 0,
    ...more,
  };
}
