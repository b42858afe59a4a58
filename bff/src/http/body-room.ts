import { overloaded } from "@tessera/service-kit/service-error";

/** What a part of a body takes beside its bytes, about: some send one byte at a time. */
const PART_BYTES = 512;

/** The rooms of an app: what strangers send must not keep those out who have signed in. */
export interface BodyRooms {
  strangers: BodyRoom;
  signedIn: BodyRoom;
}

/** Room for the bodies that have begun to come and have not come to their end. */
export class BodyRoom {
  readonly #bytes: number;
  #taken = 0;

  /** Defaults to 32 MiB: over three hundred of the largest bodies, in the smallest of parts. */
  constructor(bytes = 32 * 1024 * 1024) {
    this.#bytes = bytes;
  }

  /** Takes room for a part; throws OVERLOADED, nothing taken, when there is none. */
  take(part: Buffer): number {
    const size = part.length + PART_BYTES;
    if (this.#taken + size > this.#bytes) {
      throw overloaded("the room for bodies");
    }
    this.#taken += size;
    return size;
  }

  /** Gives back what was taken for all parts of a body. */
  giveBack(size: number): void {
    this.#taken -= size;
  }
}
