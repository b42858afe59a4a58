import type { Socket } from "node:net";

/**
 * Ends a connection at once, and has the other side see a reset.
 *
 * Node fails to reset one whose end is just being sent, and then leaves it open for ever, with
 * nobody who could close it: such a one is closed without a reset.
 */
export function reset(socket: Socket): void {
  if (socket.writableEnded) {
    socket.destroy();
  } else {
    socket.resetAndDestroy();
  }
}
