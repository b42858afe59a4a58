import { once } from "node:events";
import {
  type AddressInfo,
  createServer,
  connect as dial,
  type Server,
  type Socket,
} from "node:net";
import type { Random } from "../random.ts";
import { Connection, type Way } from "./connection.ts";
import type { Fate } from "./lane.ts";
import type { Impairment, Link } from "./link.ts";
import { reset } from "./reset.ts";

/** What a link leads to. */
export interface TcpLinkOptions {
  /** The ports on this machine that may answer now. */
  targets: () => readonly number[];
  /** Decides on jitter. */
  random: Random;
}

/** How long a target may take to accept a connection, in milliseconds. */
const DIAL_DEADLINE_MS = 2_000;

/**
 * A piece of the network that knows connections and bytes, and nothing of what they mean.
 *
 * Each new connection goes to the next target that accepts it, as a Kubernetes Service would have
 * it. Where none does, the caller's is reset.
 */
export class TcpLink implements Link {
  readonly #options: TcpLinkOptions;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #impairment: Exclude<Impairment, { kind: "duplicate" }> | undefined;
  #cutting: NodeJS.Timeout | undefined;
  #turn = 0;

  private constructor(options: TcpLinkOptions) {
    this.#options = options;
    const settings = { noDelay: true, pauseOnConnect: true, allowHalfOpen: true };
    this.#server = createServer(settings, (caller) => this.#connect(caller));
  }

  /** Listens on a free port of 127.0.0.1. */
  static async open(options: TcpLinkOptions): Promise<TcpLink> {
    const link = new TcpLink(options);
    link.#server.listen(0, "127.0.0.1");
    await once(link.#server, "listening");
    return link;
  }

  get address(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `127.0.0.1:${port}`;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** @throws TypeError for `duplicate`: bytes that are sent twice are another message. */
  impair(impairment: Impairment): void {
    if (impairment.kind === "duplicate") {
      throw new TypeError("this link knows no requests that it could deliver twice");
    }
    this.heal();
    this.#impairment = impairment;
    if (impairment.kind === "strand") {
      for (const connection of this.#connections) {
        connection.strand();
      }
    }
    if (impairment.kind === "cut") {
      this.#cutAll();
      this.#cutting = setInterval(() => this.#cutAll(), impairment.everyMs);
    }
  }

  heal(): void {
    clearInterval(this.#cutting);
    this.#impairment = undefined;
    for (const connection of this.#connections) {
      if (connection.hasLost && !connection.isStranded) {
        connection.cut();
      }
    }
  }

  /** Resolves when nobody listens any more, and every connection is cut. */
  async close(): Promise<void> {
    this.heal();
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#cutAll();
    await closed;
  }

  #connect(caller: Socket): void {
    const connection: Connection = new Connection({
      caller,
      fate: (way) => this.#fate(way),
      onEnd: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
    if (this.#impairment?.kind === "drop") {
      connection.swallow();
      return;
    }
    void this.#dial().then((target) => {
      if (target === undefined) {
        connection.cut();
      } else if (connection.isOver) {
        reset(target);
      } else {
        connection.join(target);
      }
    });
  }

  /** A connection to the next target that is there; undefined when none is. */
  async #dial(): Promise<Socket | undefined> {
    const targets = this.#options.targets();
    this.#turn += 1;
    for (let place = 0; place < targets.length; place += 1) {
      const port = targets[(this.#turn + place) % targets.length] ?? 0;
      const target = dial({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
      try {
        await once(target, "connect", { signal: AbortSignal.timeout(DIAL_DEADLINE_MS) });
        return target;
      } catch {
        target.destroy();
      }
    }
    return undefined;
  }

  #fate(way: Way): Fate {
    const impairment = this.#impairment;
    switch (impairment?.kind) {
      case "drop":
        return "lost";
      case "lose-replies":
        return way === "answered" ? "lost" : 0;
      case "delay":
        return impairment.ms + this.#options.random.fraction() * impairment.jitterMs;
      case "cut":
      case "strand":
      case undefined:
        return 0;
    }
  }

  #cutAll(): void {
    for (const connection of this.#connections) {
      connection.cut();
    }
  }
}
