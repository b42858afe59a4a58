import { uuidFromBytes, uuidToBytes } from "@tessera/service-kit/uuid";
import type { ClaimAnswer, ClaimEnd, Heard, PassClaim } from "../app/waiting-room-store.ts";
import { estimatedWaitMs } from "../domain/waiting-room.ts";

// How the scripts of the waiting room and this process write to each other: records of fixed
// lengths, one after the other, because hundreds of values cost more to parse than one.

const HEARD_BYTES = 26;
const PASS_BYTES = 56;
const CLAIM_BYTES = 88;
const CLAIM_ANSWER_BYTES = 33;
const END_BYTES = 68;
const NO_RESERVATION = "0".repeat(32);

/** User ids, 16 bytes each. */
export function encodeUserIds(userIds: readonly string[]): Buffer {
  const bytes = Buffer.allocUnsafe(16 * userIds.length);
  for (const [index, userId] of userIds.entries()) {
    bytes.write(userId.replaceAll("-", ""), 16 * index, "hex");
  }
  return bytes;
}

/** Reads what each person is told at `now`, by Redis's clock. */
export function decodeHeard(bytes: Buffer, now: Date): Heard[] {
  const heard: Heard[] = [];
  for (let at = 0; at < bytes.length; at += HEARD_BYTES) {
    const isNew = bytes[at + 1] === 1;
    switch (String.fromCharCode(bytes[at] ?? 0)) {
      case "W": {
        const position = bytes.readUInt32BE(at + 2);
        const waitMs = estimatedWaitMs(bytes.readDoubleBE(at + 10));
        const pollAfterMs = bytes.readUInt32BE(at + 6);
        heard.push({ standing: { state: "waiting", position, waitMs, pollAfterMs }, isNew });
        break;
      }
      case "A": {
        const serial = String(bytes.readDoubleBE(at + 10));
        const passExpireTime = new Date(bytes.readDoubleBE(at + 18));
        heard.push({ standing: { state: "admitted", serial, passExpireTime, now }, isNew });
        break;
      }
      case "G":
        heard.push({ standing: { state: "gone" }, isNew });
        break;
      case "E":
        heard.push({ standing: { state: "expired" }, isNew });
        break;
      case "C":
        heard.push("closed");
        break;
      case "F":
        heard.push("full");
        break;
      default:
        heard.push("none");
    }
  }
  return heard;
}

/** Claims as room-claim.lua reads them. */
export function encodeClaims(claims: readonly PassClaim[]): Buffer {
  const bytes = Buffer.alloc(CLAIM_BYTES * claims.length);
  for (const [index, claim] of claims.entries()) {
    const at = writePass(bytes, CLAIM_BYTES * index, claim);
    const dead = claim.deadReservationId?.replaceAll("-", "") ?? NO_RESERVATION;
    bytes.write(dead, at, "latin1");
  }
  return bytes;
}

/** Reads what room-claim.lua answers. */
export function decodeClaimAnswers(bytes: Buffer): ClaimAnswer[] {
  const answers: ClaimAnswer[] = [];
  for (let at = 0; at < bytes.length; at += CLAIM_ANSWER_BYTES) {
    const code = String.fromCharCode(bytes[at] ?? 0);
    if (code === "O") {
      answers.push({
        claimTime: Number(bytes.toString("latin1", at + 1, at + CLAIM_ANSWER_BYTES)),
      });
    } else if (code === "D") {
      answers.push({ doubtful: reservationIdAt(bytes, at + 1) });
    } else {
      answers.push(CLAIM_ANSWERS[code as keyof typeof CLAIM_ANSWERS]);
    }
  }
  return answers;
}

const CLAIM_ANSWERS = {
  R: "repeated",
  I: "unknown",
  E: "expired",
  U: "used",
  B: "busy",
} as const;

/** Ends of claims as room-settle.lua reads them. */
export function encodeEnds(ends: readonly ClaimEnd[]): Buffer {
  const bytes = Buffer.alloc(END_BYTES * ends.length);
  for (const [index, end] of ends.entries()) {
    const at = writePass(bytes, END_BYTES * index, end);
    bytes.writeUInt32BE(end.units, at);
    bytes.writeDoubleBE(end.claimTime ?? 0, at + 4);
  }
  return bytes;
}

/** Reads what room-doubts.lua answers. */
export function decodeClaims(bytes: Buffer): PassClaim[] {
  const claims: PassClaim[] = [];
  for (let at = 0; at < bytes.length; at += PASS_BYTES) {
    claims.push({
      userId: uuidFromBytes(bytes.subarray(at, at + 16)),
      serial: String(bytes.readDoubleBE(at + 16)),
      reservationId: reservationIdAt(bytes, at + 24),
    });
  }
  return claims;
}

/** Writes what claims and their ends begin with; returns where it ends. */
function writePass(
  bytes: Buffer,
  at: number,
  { userId, serial, reservationId }: Pick<PassClaim, "userId" | "serial" | "reservationId">,
): number {
  uuidToBytes(userId).copy(bytes, at);
  bytes.writeDoubleBE(Number(serial), at + 16);
  bytes.write(reservationId.replaceAll("-", ""), at + 24, "latin1");
  return at + PASS_BYTES;
}

function reservationIdAt(bytes: Buffer, at: number): string {
  return uuidFromBytes(Buffer.from(bytes.toString("latin1", at, at + 32), "hex"));
}
