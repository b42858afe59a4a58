// Loaded before a service's own modules: its clock on the wall is off by what a file says, now and
// whenever the file changes. Timers and performance.now() go on as before, as in a real step.
import { readFileSync, watch, writeFileSync } from "node:fs";

// biome-ignore lint/style/noProcessEnv: who starts the process says where the file is.
const file = process.env.STEPPED_CLOCK_FILE;
if (file === undefined) {
  throw new Error("STEPPED_CLOCK_FILE is not set");
}

let offsetMs = 0;
const rightDate = Date;
const rightNow = Date.now.bind(Date);

function adopt(path: string): void {
  const text = readFileSync(path, "utf8");
  // Empty for the moment in which it is being written.
  if (text !== "") {
    offsetMs = Number(text);
    writeFileSync(`${path}.known`, text);
  }
}

Date.now = () => rightNow() + offsetMs;

const steppedDate = new Proxy(rightDate, {
  apply: () => new rightDate(Date.now()).toString(),
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [Date.now()] : args, newTarget),
});
rightDate.prototype.constructor = steppedDate;
globalThis.Date = steppedDate;

adopt(file);
watch(file, { persistent: false }, () => adopt(file));
