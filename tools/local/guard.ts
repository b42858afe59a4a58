// Outlives the program that started it, for one purpose: when that program ends, however it
// ends, whatever it still had running is stopped. Its standard input is a pipe from that program,
// which the system closes even for one that was killed.
import { stopRecordedBelow } from "@tessera/testkit/stores/children";

const folder = process.argv[2];
if (folder === undefined) {
  throw new Error("usage: guard.ts <data folder>");
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => undefined);
}
process.stdin.resume();
process.stdin.once("close", async () => {
  await stopRecordedBelow(folder);
  process.exit(0);
});
