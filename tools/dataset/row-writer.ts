/** Takes rows, field by field, in the order of their columns. */
export interface RowWriter {
  bytes(value: Uint8Array): void;
  number(value: number): void;
  /** UTF-8 without quotes, tabs, line ends and backslashes. */
  text(value: Uint8Array): void;
  /** A DATETIME(3) in UTC, from milliseconds. */
  time(ms: number): void;
  nothing(): void;
  endRow(): void;
  /** How many bytes wait to be taken. */
  readonly length: number;
  /** Hands out what was written, and begins again. */
  take(): Buffer;
}

/** Room for a block and the row that goes beyond it. */
const CAPACITY = 1_100_000;

const BILLION = 1_000_000_000;

/** Bytes one after the other: what both writers write into. */
export class Block {
  buffer = Buffer.allocUnsafeSlow(CAPACITY);
  length = 0;
  #day = Number.NaN;
  #date = 0;

  push(byte: number): void {
    this.buffer[this.length] = byte;
    this.length += 1;
  }

  pushAll(bytes: Uint8Array): void {
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  pushNumber(value: number): void {
    if (value >= BILLION) {
      const billions = Math.floor(value / BILLION);
      this.pushNumber(billions);
      this.pushDigits(value - billions * BILLION, 9);
      return;
    }
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) {
      digits += 1;
    }
    this.pushDigits(value, digits);
  }

  /** `YYYYMMDDhhmmss.mmm`, by arithmetic: a Date a field would cost more than its row. */
  pushTime(ms: number): void {
    const days = Math.floor(ms / 86_400_000);
    if (days !== this.#day) {
      // Times come nearly in order: most are of the same day as the one before.
      const { year, month, day } = civil(days);
      this.#day = days;
      this.#date = year * 10_000 + month * 100 + day;
    }
    const time = (ms - days * 86_400_000) | 0;
    const seconds = (time / 1_000) | 0;
    const minutes = (seconds / 60) | 0;
    const hours = (minutes / 60) | 0;
    this.pushDigits(this.#date, 8);
    this.pushDigits(hours * 10_000 + (minutes - hours * 60) * 100 + (seconds - minutes * 60), 6);
    this.push(0x2e);
    this.pushDigits(time - seconds * 1_000, 3);
  }

  /** The value is below 2^31: whole numbers of 32 bits are divided in half the time. */
  pushDigits(value: number, digits: number): void {
    const { buffer, length } = this;
    let rest = value | 0;
    for (let at = length + digits - 1; at >= length; at -= 1) {
      const shorter = (rest / 10) | 0;
      buffer[at] = 0x30 + (rest - shorter * 10);
      rest = shorter;
    }
    this.length = length + digits;
  }

  take(): Buffer {
    const taken = this.buffer.subarray(0, this.length);
    this.buffer = Buffer.allocUnsafeSlow(CAPACITY);
    this.length = 0;
    return taken;
  }
}

const date = { year: 0, month: 0, day: 0 };

/** The date of a day since 1970, after Howard Hinnant's `civil_from_days`. */
function civil(days: number): typeof date {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  date.day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  date.month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  date.year = yearOfEra + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}
