import type { RequestListener } from "node:http";
import type { Socket } from "node:net";

/** Unanswered requests of one connection: nobody needs to send more. */
const MOST_OF_CONNECTION = 4;
/** Unanswered requests that wait behind another one of their connection, over all connections. */
const MOST_AHEAD = 1_000;

/**
 * Hands requests on, and ends connections on which more come than are answered.
 *
 * Node begins each request that it can read, and each takes memory until it is answered: without a
 * bound a few connections would take all of it. Whoever waits for an answer before the next request
 * meets none of this. `onEnd` is told of each connection that is ended.
 */
export function boundAhead(listener: RequestListener, onEnd: () => void): RequestListener {
  const underWay = new WeakMap<Socket, number>();
  let ahead = 0;
  const note = (socket: Socket, count: number) => {
    ahead += aheadOf(count) - aheadOf(underWay.get(socket) ?? 0);
    underWay.set(socket, count);
  };
  return (request, response) => {
    const { socket } = request;
    const count = underWay.get(socket) ?? 0;
    const isFull = count === MOST_OF_CONNECTION || (count > 0 && ahead === MOST_AHEAD);
    // What was read together with the one too many still comes here.
    if (socket.destroyed) {
      return;
    }
    if (isFull) {
      onEnd();
      socket.destroy();
      return;
    }
    note(socket, count + 1);
    response.once("close", () => note(socket, (underWay.get(socket) ?? 1) - 1));
    listener(request, response);
  };
}

function aheadOf(count: number): number {
  return Math.max(0, count - 1);
}
