// Writes an image's digest into a workload's values for an environment:
// `node tools/release.ts staging bff sha256:…`. The workflow of the same name does, for each.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { runProgram } from "./local/session.ts";
import { withDigest } from "./release/with-digest.ts";

await runProgram(async () => {
  const [environment, workload, digest, ...rest] = process.argv.slice(2);
  if (!environment || !workload || !digest || rest.length > 0) {
    throw new OperatorError("usage: node tools/release.ts <environment> <workload> <digest>");
  }
  const file = join(ROOT, "charts", workload, `values-${environment}.yaml`);
  writeFileSync(file, withDigest(readFileSync(file, "utf8"), digest));
  return 0;
});
