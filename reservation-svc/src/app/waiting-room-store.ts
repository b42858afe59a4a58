import type { Room, Standing } from "../domain/waiting-room.ts";

/** What a person who joins or polls is told; the words say why there is no place: `closed`, the sale is over. */
export type Heard = { standing: Standing; isNew: boolean } | "closed" | "full" | "none";

/** What is left to be had, for one step of admission. */
export interface Supply {
  /** Units that could be reserved at one moment. */
  available: number;
  /** The room's count of units bought with passes, from before that moment. */
  unitsBefore: number;
  /**
   * Whether nothing is available and nothing is held; undefined when that was not found out just
   * now: then nobody is told that all is gone, nor that it is not any more.
   */
  isAllGone: boolean | undefined;
}

/** What one step of admission did. */
export interface AdmissionStep {
  /** How many wait now. */
  waiting: number;
  /** How many are admitted now and have not bought. */
  active: number;
  /** How many were let in. */
  admitted: number;
  /** How many were passed over, because they were silent. */
  skipped: number;
  /** How many admitted people lost their slot by silence. */
  lapsed: number;
  /** How many were told that all is gone. */
  gone: number;
  /** Units bought with passes, ever. */
  units: number;
  /** For how long nobody was let in although somebody could have been, in milliseconds. */
  stalledMs: number;
  /** In how many milliseconds the sale opens; 0 when it has. */
  opensInMs: number;
}

/** The wish to reserve with a pass. */
export interface PassClaim {
  userId: string;
  serial: string;
  reservationId: string;
  /** A reservation that claimed the pass and is known to have come to nothing. */
  deadReservationId?: string;
}

/**
 * How a claim ended: how many units the reservation got; 0 hands the pass back, if nobody claimed it
 * since `claimTime`.
 */
export interface ClaimEnd extends Omit<PassClaim, "deadReservationId"> {
  units: number;
  claimTime?: number;
}

/**
 * What a claim came to. `claimTime`: the pass is this claim's alone. `repeated`: this reservation
 * claimed the pass a moment ago, or used it. `busy`: another reservation is being made with the
 * pass; `doubtful`: another one was, so long ago that it may have come to nothing.
 */
export type ClaimAnswer =
  | { claimTime: number }
  | "repeated"
  | "unknown"
  | "expired"
  | "used"
  | "busy"
  | { doubtful: string };

/** The draw of a room. */
export interface Drawn {
  seed: Buffer;
  /** True once it was made: the first time that the sale opened. */
  isDrawn: boolean;
  entrants: number;
  /** When it is to be made, or was. */
  drawTime: Date;
}

/**
 * Where waiting rooms are kept. Each method is one atomic step for each room, by the store's own
 * clock, and may be repeated at will.
 *
 * All methods throw {@link StoreLost} while the store does not answer.
 */
export interface WaitingRoomStore {
  /** True while the store is known not to answer. */
  readonly isLost: boolean;
  /**
   * Gives people places; who has one keeps it. `isAllGone` when nothing is available and nothing is
   * held: then there is no line to stand in.
   */
  join(room: Room, userIds: readonly string[], stock: { isAllGone: boolean }): Promise<Heard[]>;
  /** Tells people where they stand, which counts as their sign of life. */
  poll(room: Room, userIds: readonly string[]): Promise<Heard[]>;
  /** Gives a place up, if there is one. */
  leave(room: Room, userId: string): Promise<void>;
  /** The draw; undefined when the sale is over and there was none, or it is forgotten. */
  draw(room: Room): Promise<Drawn | undefined>;
  /** A person's draw number; `early` before the draw, `late` for who joined after it, else `none`. */
  drawNumber(room: Room, userId: string): Promise<number | "early" | "late" | "none">;
  /** Lets people in from the head of the line, or only counts them where nobody knows what is left. */
  admit(room: Room, supply: Supply | undefined): Promise<AdmissionStep>;
  /** Claims passes, one answer for each claim. The first claim of a pass wins. */
  claim(room: Room, claims: readonly PassClaim[]): Promise<ClaimAnswer[]>;
  /** Ends claims. One that is not the pass's claim any more is left alone. */
  settle(room: Room, ends: readonly ClaimEnd[]): Promise<void>;
  /**
   * Claims that are in doubt, among a slice of the admitted: `cursor` is `"0"` at first, then the
   * `nextCursor` of the call before.
   */
  doubts(room: Room, cursor: string): Promise<{ claims: PassClaim[]; nextCursor: string }>;
  /** The events whose rooms anybody is in, or was of late. */
  eventIds(): Promise<string[]>;
  /** Takes an event off that list; who comes, puts it back. */
  dismiss(eventId: string): Promise<void>;
}

/** The store does not answer, or cannot serve. */
export class StoreLost extends Error {
  override readonly name = "StoreLost";
}
