import type { Socket } from "node:net";

/**
 * Ends a connection at once, and has the other side see a reset. Node's own way waits until all that
 * was written is read, and can end nothing that is already waiting for the end of what was written:
 * that is closed without a word.
 */
export function reset(socket: Socket): void {
  if (!socket.writableEnded) {
    socket.resetAndDestroy();
  }
  socket.destroy();
}
