import type { Socket } from "node:net";

/** What becomes of a piece of data: it is lost, or it arrives so many milliseconds later. */
export type Fate = "lost" | number;

/** What one way of one connection is told by its link. */
export interface LaneOptions {
  from: Socket;
  to: Socket;
  /** Asked for each piece. */
  fate: () => Fate;
  /** Something was sent that will never arrive. */
  onLost: () => void;
}

/** How much may be under way before its sender has to wait, in bytes. */
const MAX_UNDER_WAY = 1024 * 1024;

/** One way of one connection: carries bytes, and their end, in order. */
export class Lane {
  readonly #options: LaneOptions;
  /** What arrives later; no bytes means the end. */
  readonly #underWay: { piece: Buffer | undefined; dueMs: number }[] = [];
  #underWayBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
    const { from, to } = options;
    from.on("data", (piece) => this.#take(piece));
    from.on("end", () => this.#take(undefined));
    to.on("drain", () => this.#underWayBytes < MAX_UNDER_WAY && from.resume());
  }

  /** Nothing more arrives. */
  close(): void {
    clearTimeout(this.#timer);
    this.#underWay.length = 0;
  }

  #take(piece: Buffer | undefined): void {
    const { from, fate, onLost } = this.#options;
    const delayMs = fate();
    if (delayMs === "lost") {
      onLost();
      return;
    }
    const before = this.#underWay.at(-1);
    if (delayMs === 0 && before === undefined) {
      this.#give(piece);
      return;
    }
    // Nothing overtakes what was sent before it.
    const dueMs = Math.max(performance.now() + delayMs, before?.dueMs ?? 0);
    this.#underWay.push({ piece, dueMs });
    this.#underWayBytes += piece?.length ?? 0;
    if (this.#underWayBytes >= MAX_UNDER_WAY) {
      from.pause();
    }
    this.#timer ??= setTimeout(() => this.#giveDue(), delayMs);
  }

  #giveDue(): void {
    const { from, to } = this.#options;
    const now = performance.now();
    for (let first = this.#underWay[0]; first !== undefined; first = this.#underWay[0]) {
      if (first.dueMs > now) {
        this.#timer = setTimeout(() => this.#giveDue(), first.dueMs - now);
        return;
      }
      this.#underWay.shift();
      this.#underWayBytes -= first.piece?.length ?? 0;
      this.#give(first.piece);
    }
    this.#timer = undefined;
    if (!to.writableNeedDrain) {
      from.resume();
    }
  }

  #give(piece: Buffer | undefined): void {
    const { from, to } = this.#options;
    if (piece === undefined) {
      to.end();
    } else if (to.writable && !to.write(piece)) {
      from.pause();
    }
  }
}
