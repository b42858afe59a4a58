/** When an event is sold, and how buyers are let in. */
export interface Sale {
  eventId: string;
  openTime: Date;
  closeTime: Date;
  /** Undefined when there is no waiting room. */
  rules: RoomRules | undefined;
}

/** How fast, and how many at once, buyers are let in. */
export interface RoomRules {
  /** 0: nobody is let in. */
  admitPerMinute: number;
  maxActive: number;
  passSeconds: number;
  /** What happens while the waiting room's store is lost. */
  onStoreLoss: "open" | "closed";
}

/** A sale with a waiting room. */
export interface Room extends Sale {
  rules: RoomRules;
}

/** Where one person stands. */
export type Standing =
  /**
   * `position` and `waitMs` are 0 and the time until the draw, before the draw; `waitMs` is undefined
   * while nobody is let in.
   */
  | { state: "waiting"; position: number; waitMs: number | undefined; pollAfterMs: number }
  /** The serial names the admission; `now` is the time by the clock that the pass goes by. */
  | { state: "admitted"; serial: string; passExpireTime: Date; now: Date }
  | { state: "gone" }
  | { state: "expired" };

/** An event's units, over all its ticket types. */
export interface Stock {
  capacity: number;
  available: number;
  held: number;
}

/** Longer waits are told as this: what is further away, nobody knows. Milliseconds. */
const WAIT_MAX_MS = 24 * 60 * 60 * 1000;

/** What a person is told of how long they are thought to wait: nothing, when that is for ever as things are. */
export function estimatedWaitMs(waitMs: number): number | undefined {
  return waitMs === Number.POSITIVE_INFINITY ? undefined : Math.min(WAIT_MAX_MS, waitMs);
}

/** What is told of the stock: `low` is a tenth of the capacity, or less. */
export function stockHint({ capacity, available }: Stock): "plenty" | "low" | "gone" {
  if (available === 0) {
    return "gone";
  }
  return available * 10 > capacity ? "plenty" : "low";
}

/** True when nothing is left and nothing can come back from somebody who is still choosing. */
export function isAllGone({ available, held }: Stock): boolean {
  return available === 0 && held === 0;
}

/** True when everybody may buy while the room's store is lost; not while nobody is to be let in. */
export function opensOnLoss({ onStoreLoss, admitPerMinute }: RoomRules): boolean {
  return onStoreLoss === "open" && admitPerMinute > 0;
}

/** True while reservations are accepted. */
export function isOnSale({ openTime, closeTime }: Sale, now: Date): boolean {
  return openTime <= now && now < closeTime;
}
