import { overloaded, ServiceError } from "@tessera/service-kit/service-error";

/** What a part of a body takes beside its bytes, about: some send one byte at a time. */
const PART_BYTES = 512;

/** The rooms of an app: what strangers send must not keep those out who have signed in. */
export interface BodyRooms {
  strangers: BodyRoom;
  signedIn: BodyRoom;
}

/** How much room there is, and how much of it one sender may take. */
export interface BodyRoomSize {
  bytes: number;
  bytesEach: number;
}

/** Over three hundred of the largest bodies, in the smallest of parts; over forty of one sender's. */
const SIZE: BodyRoomSize = { bytes: 32 * 1024 * 1024, bytesEach: 4 * 1024 * 1024 };

/** Room for the bodies that have begun to come and have not come to their end. */
export class BodyRoom {
  readonly #size: BodyRoomSize;
  readonly #takenBy = new Map<string, number>();
  #taken = 0;

  constructor(size = SIZE) {
    this.#size = size;
  }

  /**
   * Takes room for a part. Throws, nothing taken, RATE_LIMITED when the sender has as much as one may
   * have, and OVERLOADED when there is none.
   */
  take(sender: string, part: Buffer): number {
    const size = part.length + PART_BYTES;
    const own = (this.#takenBy.get(sender) ?? 0) + size;
    if (own > this.#size.bytesEach) {
      const message = "too many bodies of yours are on their way; wait for an answer first";
      throw new ServiceError("RATE_LIMITED", message);
    }
    if (this.#taken + size > this.#size.bytes) {
      throw overloaded("the room for bodies");
    }
    this.#taken += size;
    this.#takenBy.set(sender, own);
    return size;
  }

  /** Gives back what was taken for all parts of a body. */
  giveBack(sender: string, size: number): void {
    this.#taken -= size;
    const left = (this.#takenBy.get(sender) ?? 0) - size;
    if (left > 0) {
      this.#takenBy.set(sender, left);
    } else {
      this.#takenBy.delete(sender);
    }
  }
}
