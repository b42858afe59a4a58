import type { SchemaName } from "@tessera/testkit/schemas";
import type { RowWriter } from "./row-writer.ts";

/** A table that is loaded, and how its rows come to be. */
export interface LoadTable {
  schema: SchemaName;
  table: string;
  columns: readonly string[];
  /** Columns that follow from those: a byte that is not sent costs nothing on either side. */
  derived: Readonly<Record<string, string>>;
  /**
   * What it is loaded in: rows, or what several rows belong to. A step's rows come all or not at
   * all, and follow from its number.
   */
  steps: number;
  /** Steps in one transaction. */
  stepsAtOnce: number;
  /** True when rows are numbered in the column `seq`, one a step. */
  isNumbered: boolean;
  /** An index that is built when all rows are there. */
  lateIndex?: { name: string; columns: string };
  /** Makes the function that writes a step's rows; `base` is the number before the first row's. */
  rowsOf: (base: number) => (step: number, out: RowWriter) => void;
}
