import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, type Step } from "./step.ts";

/** Generates the code anew, elsewhere, and compares it with what is used. */
export const generatedStep: Step = {
  name: "contracts: generated code is current",
  run: async () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), "tessera-check-"));
    const generated = await runCommand(["buf", "generate", "--output", folder.path]);
    if (!generated.isFine) {
      return generated;
    }
    const fresh = join(folder.path, "proto", "gen");
    const compared = await runCommand(["diff", "--recursive", "--brief", "proto/gen", fresh]);
    return compared.isFine
      ? compared
      : { isFine: false, output: `${compared.output}Run "npm run gen".` };
  },
};
