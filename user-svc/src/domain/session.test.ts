import { expect } from "chai";
import { type IssuedToken, judgeRefresh } from "./session.ts";

const NOW = new Date("2030-01-01T00:00:00Z");
const LATER = new Date("2030-01-02T00:00:00Z");
const THIS_REQUEST = Buffer.alloc(32, 1);
const OTHER_REQUEST = Buffer.alloc(32, 2);

function token(changes: Partial<IssuedToken> = {}): IssuedToken {
  return {
    sessionId: "s",
    userId: "u",
    role: "customer",
    generation: 3,
    newestGeneration: 3,
    rotatedBy: undefined,
    expireTime: LATER,
    endTime: undefined,
    ...changes,
  };
}

describe("judgeRefresh", () => {
  for (const [fact, given, verdict] of [
    ["exchanges the newest token", token(), "rotate"],
    [
      "answers the request that exchanged it again",
      token({ newestGeneration: 4, rotatedBy: THIS_REQUEST }),
      "repeat",
    ],
    [
      "takes another request for a replay",
      token({ newestGeneration: 4, rotatedBy: OTHER_REQUEST }),
      "replay",
    ],
    [
      "takes the same request for a replay once its answer was used",
      token({ newestGeneration: 5, rotatedBy: THIS_REQUEST }),
      "replay",
    ],
    ["refuses what was never issued", undefined, "refuse"],
    ["refuses a token whose time is over", token({ expireTime: NOW }), "refuse"],
    ["refuses a token of an ended session", token({ endTime: NOW }), "refuse"],
    [
      "does not end an ended session again",
      token({ newestGeneration: 4, rotatedBy: OTHER_REQUEST, endTime: NOW }),
      "refuse",
    ],
  ] as const) {
    it(fact, () => {
      expect(judgeRefresh(given, THIS_REQUEST, NOW)).to.equal(verdict);
    });
  }
});
