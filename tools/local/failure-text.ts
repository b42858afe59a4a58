import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { OperatorError } from "@tessera/testkit/stores/operator-error";

/** What the system says of a disk on which nothing can be written, in the person's words. */
const DISK_FAILURES: Readonly<Record<string, string>> = {
  ENOSPC: "The disk is full",
  EROFS: "The disk can only be read",
  EACCES: "This user may not write there",
};

/** What to print of a program's failure: one message when the person can mend it, else all of it. */
export function failureText(reason: unknown): string {
  if (!(reason instanceof Error)) {
    return String(reason);
  }
  const { code = "", path }: NodeJS.ErrnoException = reason;
  const disk = DISK_FAILURES[code];
  if (disk !== undefined) {
    // A failed write does not say where; nearly everything is written there.
    return `${disk}: ${reason.message}${path === undefined ? ` (in ${join(ROOT, ".data")})` : ""}`;
  }
  return reason instanceof OperatorError ? reason.message : (reason.stack ?? reason.message);
}
