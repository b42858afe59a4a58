import { Bounded } from "../bounded.ts";

/**
 * Room, in bytes, for the bodies that have begun to come and have not come to their end: what
 * strangers send must not keep those out who have signed in.
 */
export interface BodyRooms {
  strangers: Bounded;
  signedIn: Bounded;
}

/** Over three hundred of the largest bodies, in the smallest of parts; over forty of one sender's. */
const BOUNDS = { max: 32 * 1024 * 1024, maxEach: 4 * 1024 * 1024 };

/** Makes the rooms of an app, of the same size. */
export function createBodyRooms(bounds = BOUNDS): BodyRooms {
  const room = () => new Bounded("bodies", bounds);
  return { strangers: room(), signedIn: room() };
}
