import { expect } from "chai";
import type { Operation, Told } from "../history.ts";
import { type Recovery, recoveryOf } from "./figures.ts";
import { missedTargets } from "./targets.ts";

/** People ask a hundred times a second for 20 s; something is broken from 5 s to 8 s. */
const WATCHED = { beginMs: 0, brokenMs: 5_000, healedMs: 8_000, endMs: 20_000, mayCut: false };

describe("recoveryOf()", () => {
  it("sees nothing where nothing happened", () => {
    const recovery = recoveryOf(
      asked(() => ok()),
      WATCHED,
    );
    expect(recovery.before).to.deep.equal({ answered: 100, reserved: 100 });
    expect(recovery.during.answered).to.be.closeTo(100, 1);
    expect(recovery.fullAfterBreakingMs).to.equal(0);
    expect(recovery.fullAfterHealingMs).to.equal(0);
    expect(recovery.firstAnswerMs).to.be.at.most(20);
    expect(recovery.silenceMs).to.be.at.most(20);
    expect(recovery.failures).to.deep.equal([]);
    expect(missedTargets("kill-redis", recovery)).to.deep.equal([]);
  });

  it("tells how long nothing was answered, and from when on all is", () => {
    const recovery = outage(1_500);
    expect(recovery.silenceMs).to.be.closeTo(1_500, 20);
    expect(recovery.firstAnswerMs).to.be.closeTo(1_500, 20);
    // Four fifths of the first second are enough.
    expect(recovery.fullAfterBreakingMs).to.be.within(1_200, 1_500);
    expect(missedTargets("kill-bff", recovery)).to.deep.equal([]);
    expect(missedTargets("kill-bff", outage(2_400))).to.have.lengthOf(1);
  });

  it("is not deceived by one good second", () => {
    const recovery = recoveryOf(
      asked((atMs) => (atMs >= 5_000 && atMs < 9_000 && atMs % 2_000 < 1_000 ? away() : ok())),
      WATCHED,
    );
    expect(recovery.fullAfterBreakingMs).to.be.within(3_700, 4_000);
    expect(recovery.fullAfterHealingMs).to.be.within(700, 1_000);
  });

  it("says never where it never came", () => {
    const recovery = outage(15_000);
    expect(recovery.firstAnswerMs).to.equal(undefined);
    expect(recovery.fullAfterHealingMs).to.equal(undefined);
    expect(missedTargets("kill-mysql", recovery).join()).to.contain("never");
  });

  it("does not want more than people want", () => {
    const recovery = recoveryOf(
      asked(() => ok()).filter(({ startMs, number }) => startMs < 5_000 || number % 4 === 0),
      WATCHED,
    );
    expect(recovery.fullAfterBreakingMs).to.equal(0);
  });

  it("takes those who hang for people who want something", () => {
    const recovery = recoveryOf(
      asked((atMs) => (atMs >= 5_000 ? hanging() : ok())).filter(
        ({ startMs }) => startMs < 5_000 || startMs % 100 === 0,
      ),
      WATCHED,
    );
    expect(recovery.fullAfterBreakingMs).to.equal(undefined);
  });

  it("counts failures by kind, and knows which nobody should see", () => {
    const recovery = recoveryOf(
      asked((atMs) => {
        if (atMs < 6_500 || atMs >= 6_560) {
          return ok();
        }
        return atMs < 6_540
          ? told(503, "OVERLOADED")
          : atMs < 6_550
            ? told(500, "INTERNAL")
            : cut();
      }),
      WATCHED,
    );
    expect(recovery.failures).to.deep.equal([
      { kind: "503 OVERLOADED", count: 4, withoutRetryAfter: 4, isExpected: true },
      { kind: "500 INTERNAL", count: 1, withoutRetryAfter: 1, isExpected: false },
      { kind: "ECONNRESET", count: 1, withoutRetryAfter: 0, isExpected: false },
    ]);
    expect(recovery.failedWhileBroken).to.equal(6);
    expect(missedTargets("kill-redis", recovery)).to.have.lengthOf(5);
  });

  it("forgives a process that goes by another clock that tokens seem over", () => {
    const recovery = recoveryOf(
      asked((atMs) => (atMs >= 5_000 && atMs < 8_000 ? told(401, "UNAUTHENTICATED") : ok())),
      WATCHED,
    );
    expect(missedTargets("clock-forward", recovery)).to.deep.equal([]);
    expect(missedTargets("pause-bff", recovery)).to.have.lengthOf(2);
  });

  it("takes an answer that came late for late", () => {
    const slow = asked((atMs) => (atMs === 6_000 ? { ...ok(), tookMs: 5_500 } : ok()));
    const recovery = recoveryOf(slow, WATCHED);
    expect(recovery.slowestAnswerMs).to.equal(5_500);
    expect(missedTargets("pause-bff", recovery).join()).to.contain("5500 ms");
  });

  function outage(forMs: number): Recovery {
    return recoveryOf(
      asked((atMs) => (atMs >= 5_000 && atMs < 5_000 + forMs ? away() : ok())),
      WATCHED,
    );
  }
});

type End = Pick<Operation, "outcome" | "told" | "lost"> & { tookMs: number };

/** A hundred a second, for 20 s; each ends as is said for the time at which it began. */
function asked(endOf: (atMs: number) => End): Operation[] {
  return Array.from({ length: 2_000 }, (_unused, index) => {
    const startMs = index * 10;
    const { tookMs, ...end } = endOf(startMs);
    return {
      number: index + 1,
      userId: "u",
      key: "k",
      wish: { kind: "reserve", eventId: "e", items: [] },
      startMs,
      endMs: tookMs === Number.POSITIVE_INFINITY ? undefined : startMs + tookMs,
      ...end,
    };
  });
}

function ok(): End {
  return { outcome: "ok", told: answer(201), lost: undefined, tookMs: 10 };
}

function away(): End {
  return {
    outcome: "unknown",
    told: answer(503, "DEPENDENCY_UNAVAILABLE", 1),
    lost: undefined,
    tookMs: 10,
  };
}

function told(status: number, code: string): End {
  return { outcome: "unknown", told: answer(status, code), lost: undefined, tookMs: 10 };
}

function cut(): End {
  return { outcome: "unknown", told: undefined, lost: "ECONNRESET", tookMs: 10 };
}

function hanging(): End {
  return { outcome: "unknown", told: undefined, lost: undefined, tookMs: Number.POSITIVE_INFINITY };
}

function answer(status: number, code?: string, retryAfter?: number): Told {
  return { status, code, retryAfter, isReplay: false };
}
