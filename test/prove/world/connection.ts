import type { Socket } from "node:net";
import { type Fate, Lane } from "./lane.ts";
import { reset } from "./reset.ts";

/** What is asked goes to the target, what is answered to the caller. */
export type Way = "asked" | "answered";

/** What a connection needs to be carried. */
export interface ConnectionOptions {
  caller: Socket;
  /** What becomes of a piece that is sent now. */
  fate: (way: Way) => Fate;
  /** It has ended on both sides. */
  onEnd: () => void;
}

/** One connection through a link: its caller, and, once somebody answers there, its target. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #sockets = new Set<Socket>();
  readonly #lanes: Lane[] = [];
  #hasLost = false;
  #isStranded = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#watch(options.caller);
  }

  /** True when something was sent that will never arrive: whoever waits for it waits for ever. */
  get hasLost(): boolean {
    return this.#hasLost;
  }

  /** True once the caller went away. */
  get isOver(): boolean {
    return this.#sockets.size === 0;
  }

  /** Nobody is ever there for the caller, who is not told. */
  swallow(): void {
    this.#hasLost = true;
    this.#options.caller.resume();
  }

  /** True when it was left without a way. */
  get isStranded(): boolean {
    return this.#isStranded;
  }

  /** Carries nothing any more, for ever; neither side is told until the other one gives up. */
  strand(): void {
    this.#isStranded = true;
  }

  /** Carries to and from this target, which must be connected. */
  join(target: Socket): void {
    const { caller } = this.#options;
    this.#watch(target);
    this.#carry("asked", caller, target);
    this.#carry("answered", target, caller);
    caller.resume();
    target.resume();
  }

  /** Resets it on both sides. */
  cut(): void {
    for (const socket of this.#sockets) {
      reset(socket);
    }
  }

  #carry(way: Way, from: Socket, to: Socket): void {
    const fate = () => (this.#isStranded ? "lost" : this.#options.fate(way));
    const onLost = () => {
      this.#hasLost = true;
    };
    this.#lanes.push(new Lane({ from, to, fate, onLost }));
    from.on("end", () => {
      if (this.#isStranded) {
        this.cut();
      }
    });
    from.on("close", (hasFailed) => {
      // One that ended in an orderly way has said so, and the lane tells of it.
      if (!hasFailed && from.readableEnded) {
        return;
      }
      if (fate() === "lost" && !this.#isStranded) {
        onLost();
      } else {
        reset(to);
      }
    });
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket);
    // How a connection ends is the point here, and never a failure.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size === 0) {
        for (const lane of this.#lanes) {
          lane.close();
        }
        this.#options.onEnd();
      }
    });
  }
}
