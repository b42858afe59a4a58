/** How often the line is written: on a terminal, and elsewhere. In milliseconds. */
const TERMINAL_MS = 200;
const ELSEWHERE_MS = 1_000;

/** One line that is rewritten on a terminal, and repeated every second where there is none. */
export class LiveLine {
  readonly #text: () => string;
  readonly #timer: NodeJS.Timeout;

  constructor(text: () => string) {
    this.#text = text;
    this.#timer = setInterval(() => this.#write(), isTerminal() ? TERMINAL_MS : ELSEWHERE_MS);
  }

  /** Writes it for the last time. */
  stop(): void {
    clearInterval(this.#timer);
    this.#write();
    if (isTerminal()) {
      process.stdout.write("\n");
    }
  }

  #write(): void {
    const line = `  ${this.#text()}`;
    process.stdout.write(isTerminal() ? `\r\u001b[K${line}` : `${line}\n`);
  }
}

function isTerminal(): boolean {
  return process.stdout.isTTY;
}
