import { setImmediate } from "node:timers/promises";
import { expect } from "chai";
import { Registry } from "prom-client";
import { createLimits } from "./limits.ts";

describe("the limits of one user", () => {
  it("never let through more than a burst and what was earned meanwhile", async () => {
    const [burst, perSecond] = [20, 100];
    const windowMs = (burst / perSecond) * 1000;
    const settings = {
      ...{ signInPerSecond: 1, refreshPerSecond: 1, signUpPerSecond: 1, failedSignInsPerMinute: 1 },
      ...{ reservePerSecond: perSecond, reserveBurst: burst },
      ...{ userPerSecond: perSecond, userBurst: burst },
      ...{ queuePerSecond: perSecond, queueBurst: burst },
    };
    const { reserve, user, queue } = createLimits(settings, new Registry());
    for (const limit of [reserve, user, queue]) {
      const granted: { beginTime: number; endTime: number }[] = [];
      const take = async () => {
        const beginTime = performance.now();
        const isGranted = await limit.take("k", { headers: [] }).then(
          () => true,
          () => false,
        );
        if (isGranted) {
          granted.push({ beginTime, endTime: performance.now() });
        }
      };
      // One, so that a window of time would begin; then all that is to be had about its end.
      await take();
      const firstTime = granted[0]?.beginTime ?? 0;
      while (performance.now() - firstTime < 1.2 * windowMs) {
        await (performance.now() - firstTime < 0.9 * windowMs ? setImmediate() : take());
      }
      for (const [index, { beginTime }] of granted.entries()) {
        for (const [further, { endTime }] of granted.slice(index).entries()) {
          const earned = ((endTime - beginTime) / 1000) * perSecond;
          expect(further + 1).to.be.at.most(burst + earned);
        }
      }
    }
  });
});
