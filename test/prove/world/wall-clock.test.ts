import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceProcess } from "@tessera/testkit/service-process";
import { Children } from "@tessera/testkit/stores/children";
import { expect } from "chai";
import { WallClock } from "./wall-clock.ts";

const HOUR_MS = 3_600_000;

/** Serves what time it is, in each way in which a program may ask. */
const PROGRAM = `
  import { createServer } from "node:http";
  const server = createServer((_request, response) => {
    const made = new Date();
    response.end(JSON.stringify({
      times: [Date.now(), made.getTime(), Date.parse(Date()), new (class extends Date {})().getTime()],
      monotonicMs: performance.now(),
      isKept: made instanceof Date && made.constructor === Date && new Date(5).getTime() === 5,
    }));
  });
  server.listen(0, () => console.log(JSON.stringify({ port: server.address().port, msg: "serving" })));
`;

/** Whole ones; a little less than none is none. */
function hours(ms: number): number {
  return Math.round(ms / HOUR_MS) + 0;
}

describe("WallClock", () => {
  const folder = mkdtempSync(join(tmpdir(), "tessera-clock-"));
  const children = new Children(join(folder, "run"));
  after(async () => {
    await children.stopAll();
    rmSync(folder, { recursive: true });
  });

  it("moves one process's time, and no timer; it stays off over a restart", async () => {
    const clock = new WallClock(join(folder, "clock"));
    const args = [`--import=${WallClock.preload}`, "--input-type=module", "--eval", PROGRAM];
    const one = new ServiceProcess({
      children,
      name: "clock",
      command: [process.execPath, ...args],
      env: { ...clock.env, PORT: "0" },
      logFile: join(folder, "log"),
    });
    await one.start();
    const look = async () => {
      const answer = await fetch(`http://127.0.0.1:${one.port("port")}`);
      const seen: { times: number[]; monotonicMs: number; isKept: boolean } = await answer.json();
      expect(seen.isKept).to.equal(true);
      const now = Date.now();
      return { ...seen, hoursOff: seen.times.map((time) => hours(time - now)) };
    };
    const before = await look();
    expect(before.hoursOff).to.deep.equal([0, 0, 0, 0]);
    await clock.step(one, -2 * HOUR_MS);
    await clock.step(one, 3 * HOUR_MS);
    const after = await look();
    expect(after.hoursOff).to.deep.equal([1, 1, 1, 1]);
    expect(after.monotonicMs - before.monotonicMs).to.be.within(0, HOUR_MS / 60);
    await one.kill();
    await clock.step(one, HOUR_MS);
    await one.start();
    expect((await look()).hoursOff).to.deep.equal([2, 2, 2, 2]);
  });
});
