import type { ChildProcess } from "node:child_process";
import { isRunning, pauseChild, stopChild } from "./children.ts";

/** A process that can be stopped, paused, killed and started again in place. */
export abstract class Restartable {
  abstract readonly name: string;
  abstract readonly logFile: string;
  protected child: ChildProcess | undefined;

  /** Starts it without waiting; the child is returned so that its end can be seen. */
  abstract launch(): ChildProcess;

  /** What it said of its end, where that can be told from what it says otherwise. */
  lastWords(): string | undefined {
    return undefined;
  }

  /** False before it is started, and once it has ended. */
  get isRunning(): boolean {
    return isRunning(this.child);
  }

  /** Ends it in an orderly way; resolves when it has ended. */
  async stop(): Promise<void> {
    if (this.child !== undefined) {
      await stopChild(this.child);
    }
  }

  /** Sends it a signal, such as SIGKILL or SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Pauses it; resolves when no thread of it runs any more. SIGCONT lets it go on. */
  async pause(): Promise<void> {
    if (this.child !== undefined) {
      await pauseChild(this.child);
    }
  }

  /** Kills it with no chance to clean up; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.child !== undefined) {
      await stopChild(this.child, { isForced: true });
    }
  }
}
