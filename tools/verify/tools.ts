import { dirname, join } from "node:path";
import { runCommand, type Step } from "../check/step.ts";
import { findGo } from "../local/go-program.ts";
import { findJudge } from "./api-server.ts";
import { findComposeLoader } from "./compose-file.ts";
import { goTool, goTools } from "./go-tools.ts";
import { findStubProvider, findTofu } from "./terraform/tofu.ts";

/** First of all, because the rest would only be waiting for it. */
export const toolsSteps: readonly Step[] = [
  {
    name: "tools: each is there in its version, or can be built",
    run: async () => {
      const tools = goTools();
      for (const { name } of tools) {
        await goTool(name);
      }
      for (const find of [findJudge, findComposeLoader, findTofu, findStubProvider]) {
        await find();
      }
      const note = tools.map(({ name, version }) => `${name} ${version}`).join(", ");
      return { isFine: true, output: "", note: `${note}, and four that have modules of their own` };
    },
  },
  {
    name: "tools: their Go is formatted",
    run: async () => {
      // Beside the compiler, also where only that is on the PATH.
      const gofmt = join(dirname(findGo("format what is written in it")), "gofmt");
      const { isFine, output } = await runCommand([gofmt, "-d", "tools"]);
      return { isFine: isFine && output === "", output };
    },
  },
];
