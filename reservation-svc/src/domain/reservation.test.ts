import { expect } from "chai";
import {
  asFirstAnswered,
  extendedExpireTime,
  HOLD_MAX_MS,
  isLegalMove,
  mergeItems,
  type Reservation,
  type ReservationState,
} from "./reservation.ts";

const STATES: readonly ReservationState[] = [
  "held",
  "confirming",
  "confirmed",
  "cancelled",
  "expired",
];
const LEGAL = new Set([
  "held → confirming",
  "held → cancelled",
  "held → expired",
  "confirming → confirmed",
  "confirming → expired",
  "confirmed → cancelled",
  "expired → confirming",
]);

describe("isLegalMove", () => {
  for (const from of STATES) {
    for (const to of STATES) {
      const move = `${from} → ${to}`;
      it(`${LEGAL.has(move) ? "allows" : "forbids"} ${move}`, () => {
        expect(isLegalMove(from, to)).to.equal(LEGAL.has(move));
      });
    }
  }
});

describe("asFirstAnswered", () => {
  it("shows nothing of what happened later", () => {
    const first = held();
    const later: Reservation = {
      ...first,
      state: "confirmed",
      expireTime: at(900),
      updateTime: at(700),
      paymentReference: "pay-1",
      extendCount: 2,
      isReacquired: true,
    };
    expect(asFirstAnswered(later)).to.deep.equal(first);
    expect(asFirstAnswered(first)).to.deep.equal(first);
  });
});

describe("extendedExpireTime", () => {
  it("is the event's hold time from now", () => {
    expect(extendedExpireTime(held(), at(100))).to.deep.equal(at(700));
  });

  it("counts the first hold time, however often the hold was extended", () => {
    const extended = { ...held(), expireTime: at(5_000), extendCount: 2 };
    expect(extendedExpireTime(extended, at(100))).to.deep.equal(at(700));
  });

  it("stops two hours after the reservation was made", () => {
    const cap = at(HOLD_MAX_MS / 1000);
    expect(extendedExpireTime(held(), at(6_600))).to.deep.equal(cap);
    expect(extendedExpireTime(held(), at(6_601))).to.deep.equal(cap);
    expect(extendedExpireTime(held(), at(6_599))).to.deep.equal(at(7_199));
  });
});

describe("mergeItems", () => {
  it("sums items of one ticket type, in the order of their first mention", () => {
    const items = [
      { ticketTypeId: "b", quantity: 1 },
      { ticketTypeId: "a", quantity: 2 },
      { ticketTypeId: "b", quantity: 3 },
    ];
    expect(mergeItems(items)).to.deep.equal([
      { ticketTypeId: "b", quantity: 4 },
      { ticketTypeId: "a", quantity: 2 },
    ]);
  });
});

/** A hold of ten minutes, just made. */
function held(): Reservation {
  return {
    id: "r-1",
    eventId: "e-1",
    userId: "u-1",
    state: "held",
    items: [{ ticketTypeId: "t-1", quantity: 2 }],
    totalMinor: 5_000,
    currency: "EUR",
    createTime: at(0),
    firstExpireTime: at(600),
    expireTime: at(600),
    updateTime: at(0),
    paymentReference: "",
    extendCount: 0,
    isReacquired: false,
  };
}

/** This many seconds after the reservation was made. */
function at(seconds: number): Date {
  return new Date(Date.UTC(2030, 0, 1) + seconds * 1000);
}
