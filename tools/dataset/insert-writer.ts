import { Block, type RowWriter } from "./row-writer.ts";

const COMMA = 0x2c;
const QUOTE = 0x27;
const OPEN = 0x28;
const CLOSE = 0x29;
const HEX = Buffer.from("0123456789ABCDEF");
const BYTES_START = Buffer.from("X'");
const NULL_FIELD = Buffer.from("NULL,");

/** Rows in the form that follows VALUES: `(…),(…),(…)`. */
export class InsertWriter implements RowWriter {
  readonly #block = new Block();
  readonly #tail: Buffer;
  #isInRow = false;

  /** `derived` are expressions that end every row. */
  constructor(derived: readonly string[] = []) {
    this.#tail = Buffer.from(derived.map((expression) => `${expression},`).join(""));
  }

  get length(): number {
    return this.#block.length;
  }

  bytes(value: Uint8Array): void {
    const block = this.#field();
    block.pushAll(BYTES_START);
    for (let index = 0; index < value.length; index += 1) {
      const byte = value[index] ?? 0;
      block.push(HEX[byte >>> 4] ?? 0);
      block.push(HEX[byte & 15] ?? 0);
    }
    block.push(QUOTE);
    block.push(COMMA);
  }

  number(value: number): void {
    const block = this.#field();
    block.pushNumber(value);
    block.push(COMMA);
  }

  text(value: Uint8Array): void {
    const block = this.#field();
    block.push(QUOTE);
    block.pushAll(value);
    block.push(QUOTE);
    block.push(COMMA);
  }

  time(ms: number): void {
    const block = this.#field();
    block.push(QUOTE);
    block.pushTime(ms);
    block.push(QUOTE);
    block.push(COMMA);
  }

  nothing(): void {
    this.#field().pushAll(NULL_FIELD);
  }

  endRow(): void {
    const block = this.#block;
    block.pushAll(this.#tail);
    block.buffer[block.length - 1] = CLOSE;
    block.push(COMMA);
    this.#isInRow = false;
  }

  take(): Buffer {
    return this.#block.take().subarray(0, -1);
  }

  #field(): Block {
    if (!this.#isInRow) {
      this.#block.push(OPEN);
      this.#isInRow = true;
    }
    return this.#block;
  }
}
