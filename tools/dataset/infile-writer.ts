import { Block, type RowWriter } from "./row-writer.ts";

const TAB = 0x09;
const LINE_END = 0x0a;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const NULL_FIELD = Buffer.from("\\N\t");

/** Rows in the form that LOAD DATA reads when nothing else is said: tabs, line ends, backslashes. */
export class InfileWriter implements RowWriter {
  readonly #block = new Block();

  get length(): number {
    return this.#block.length;
  }

  bytes(value: Uint8Array): void {
    const block = this.#block;
    for (let index = 0; index < value.length; index += 1) {
      const byte = value[index] ?? 0;
      if (byte === 0 || byte === TAB || byte === LINE_END || byte === BACKSLASH) {
        block.push(BACKSLASH);
        block.push(byte === 0 ? ZERO : byte);
      } else {
        block.push(byte);
      }
    }
    block.push(TAB);
  }

  number(value: number): void {
    this.#block.pushNumber(value);
    this.#block.push(TAB);
  }

  text(value: Uint8Array): void {
    this.#block.pushAll(value);
    this.#block.push(TAB);
  }

  time(ms: number): void {
    this.#block.pushTime(ms);
    this.#block.push(TAB);
  }

  nothing(): void {
    this.#block.pushAll(NULL_FIELD);
  }

  endRow(): void {
    this.#block.buffer[this.#block.length - 1] = LINE_END;
  }

  take(): Buffer {
    return this.#block.take();
  }
}
