import { once } from "node:events";
import {
  type AddressInfo,
  createServer,
  connect as dial,
  type Server,
  type Socket,
} from "node:net";

/**
 * A network between a client and a server on this machine that can lose replies: what the client
 * sends arrives and is done, and the client never hears of it.
 */
export class LossyProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isSwallowing = false;

  private constructor(targetPort: number) {
    this.#server = createServer((client) => {
      const target = dial(targetPort, "127.0.0.1");
      client.on("data", (bytes) => target.write(bytes));
      target.on("data", (bytes) => this.#isSwallowing || client.write(bytes));
      for (const [one, other] of [
        [client, target],
        [target, client],
      ] as const) {
        this.#sockets.add(one);
        // How a connection ends is the point here, and never a failure.
        one.on("error", () => undefined);
        one.on("close", () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      }
    });
  }

  /** Listens on a free port, on behalf of the one that is given. */
  static async to(targetPort: number): Promise<LossyProxy> {
    const proxy = new LossyProxy(targetPort);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  /** Where clients connect. */
  get port(): number {
    const { port } = this.#server.address() as AddressInfo;
    return port;
  }

  /** From now on replies are lost; requests go on arriving. */
  swallowReplies(): void {
    this.#isSwallowing = true;
  }

  /** Cuts every connection; those made from now on are whole. */
  cut(): void {
    this.#isSwallowing = false;
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  /** Ends everything. */
  close(): void {
    this.cut();
    this.#server.close();
  }
}
