import type { RequestListener, ServerResponse } from "node:http";
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
 *
 * Every response that was handed on is closed when its connection is.
 */
export function boundAhead(listener: RequestListener, onEnd: () => void): RequestListener {
  const underWay = new WeakMap<Socket, Set<ServerResponse>>();
  let ahead = 0;
  const responsesOn = (socket: Socket) => {
    let responses = underWay.get(socket);
    if (responses === undefined) {
      const begun = new Set<ServerResponse>();
      underWay.set(socket, begun);
      // After a CONNECT, Node forgets those that wait behind the first one.
      socket.once("close", () => {
        for (const response of begun) {
          response.destroy();
        }
      });
      responses = begun;
    }
    return responses;
  };
  return (request, response) => {
    const { socket } = request;
    const responses = responsesOn(socket);
    const isBehind = responses.size > 0;
    const isFull = responses.size === MOST_OF_CONNECTION || (isBehind && ahead === MOST_AHEAD);
    // What was read together with the one too many still comes here.
    if (socket.destroyed) {
      return;
    }
    if (isFull) {
      onEnd();
      socket.destroy();
      return;
    }
    responses.add(response);
    ahead += isBehind ? 1 : 0;
    response.once("close", () => {
      responses.delete(response);
      ahead -= responses.size > 0 ? 1 : 0;
    });
    listener(request, response);
  };
}
