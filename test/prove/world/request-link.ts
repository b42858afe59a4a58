import type { Forwarder, ForwarderOptions } from "./forwarder.ts";
import type { Impairment, Link } from "./link.ts";
import { TcpLink } from "./tcp-link.ts";

/**
 * A piece of the network that knows requests: what can happen to bytes happens between the caller
 * and a forwarder, which sends each request to a target, or to two.
 */
export class RequestLink implements Link {
  readonly #bytes: TcpLink;
  readonly #forwarder: Forwarder;

  private constructor(bytes: TcpLink, forwarder: Forwarder) {
    this.#bytes = bytes;
    this.#forwarder = forwarder;
  }

  /** Listens on a free port of 127.0.0.1, with a forwarder of its own. */
  static async open(
    options: ForwarderOptions,
    openForwarder: (options: ForwarderOptions) => Promise<Forwarder>,
  ): Promise<RequestLink> {
    const forwarder = await openForwarder(options);
    const { random } = options;
    return new RequestLink(
      await TcpLink.open({ targets: () => [forwarder.port], random: random.fork("bytes") }),
      forwarder,
    );
  }

  get address(): string {
    return this.#bytes.address;
  }

  get connections(): number {
    return this.#bytes.connections;
  }

  impair(impairment: Impairment): void {
    this.heal();
    if (impairment.kind === "duplicate") {
      this.#forwarder.duplicatedShare = impairment.share;
    } else {
      this.#bytes.impair(impairment);
    }
  }

  heal(): void {
    this.#forwarder.duplicatedShare = 0;
    this.#bytes.heal();
  }

  /** Resolves when nobody listens any more, and every connection is cut. */
  async close(): Promise<void> {
    await this.#bytes.close();
    await this.#forwarder.close();
  }
}
