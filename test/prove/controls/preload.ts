/**
 * The seam by which a negative control gets into a service: `node --import <this file>` changes
 * the text of the control's sources as they are loaded.
 *
 * The product has nothing of it: no flag, no hook, no branch. It takes a flag on Node's command
 * line and this file, and no image has the file (see all.test.ts).
 */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "@tessera/testkit/services";
import { CONTROLS } from "./all.ts";
import { type Control, changed, type SourceChange } from "./control.ts";

/** Names the file that has the name of the control in force; the product as it is when it is empty. */
const SETTING = "PROVE_CONTROL_FILE";

// biome-ignore lint/style/noProcessEnv: the lab's own entry point into a service.
const env = process.env;
const name = readFileSync(env[SETTING] ?? "", "utf8").trim();
if (name !== "") {
  const control = CONTROLS.find((one) => one.name === name);
  if (control === undefined) {
    throw new Error(`there is no control "${name}"`);
  }
  putInForce(control);
}

function putInForce({ changes, settings }: Control): void {
  for (const [service, more] of Object.entries(settings ?? {})) {
    if (process.argv[1]?.startsWith(join(ROOT, service, "src"))) {
      Object.assign(env, more);
    }
  }
  const texts = new Map(changes.map((change) => [urlOf(change), changedText(change)]));
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      const source = texts.get(url);
      return source === undefined ? loaded : { ...loaded, source };
    },
  });
}

function urlOf({ service, file }: SourceChange): string {
  return pathToFileURL(join(ROOT, service, "src", file)).href;
}

/** Read at once, so that a control that no longer fits ends the process before it serves. */
function changedText(change: SourceChange): string {
  return changed(readFileSync(new URL(urlOf(change)), "utf8"), change);
}
