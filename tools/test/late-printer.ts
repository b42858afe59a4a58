import { printLine } from "./count-tests.ts";

/** Keeps lines until others have said all that they have to say. */
export class LatePrinter {
  #held: string[] | undefined = [];

  /** Prints a line, or keeps it for later. */
  readonly print = (line: string): void => {
    if (this.#held === undefined) {
      printLine(line);
    } else {
      this.#held.push(line);
    }
  };

  /** Prints what was kept; from now on lines are printed as they come. */
  release(): void {
    this.#held?.forEach(printLine);
    this.#held = undefined;
  }
}
