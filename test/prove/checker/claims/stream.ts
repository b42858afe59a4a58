import type { ReservationCase } from "../cases.ts";
import type { Move } from "../evidence.ts";
import type { Finding, Look } from "../finding.ts";

/** Who reads the event stream, and nothing else, knows the same as the database. */
export const stream: Look<ReservationCase> = {
  claim: "the event stream replays to the same state",
  findings: ({ id, moves, stream: entries, reservation }) => {
    const findings: Finding[] = [];
    const add = (rule: string, what: string) =>
      findings.push({ rule, what: `reservation ${id}: ${what}` });
    const told = new Map<number, Move>();
    let newest = 0;
    for (const entry of entries) {
      const before = told.get(entry.seq);
      if (before === undefined && entry.seq < newest) {
        add("order", `move ${entry.seq} was told after move ${newest}`);
      }
      if (before !== undefined && before.payload !== entry.payload) {
        add("twice", `move ${entry.seq} was told in two ways`);
      }
      newest = Math.max(newest, entry.seq);
      told.set(entry.seq, entry);
    }
    const written = new Map(moves.map((move) => [move.seq, move]));
    for (const { seq, state } of moves) {
      if (!told.has(seq)) {
        add(`gap ${seq}`, `move ${seq} to ${state} was never told`);
      }
    }
    for (const { seq, payload } of told.values()) {
      if (written.get(seq)?.payload !== payload) {
        add(`invented ${seq}`, `move ${seq} was told, and is not what the outbox has`);
      }
    }
    const last = told.get(newest);
    if (
      reservation !== undefined &&
      (last?.state !== reservation.state || last.expireTime !== reservation.expireTime)
    ) {
      add("state", `it is ${reservation.state}; who reads the stream thinks ${last?.state}`);
    }
    return findings;
  },
};
