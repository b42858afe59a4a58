import { mock } from "node:test";
import { expect } from "chai";
import { Progress } from "./progress.ts";

describe("progress", () => {
  it("says that a long step goes on, until everything is being stopped", () => {
    const written = mock.method(process.stdout, "write", () => true).mock;
    mock.timers.enable({ apis: ["setInterval"] });
    try {
      const progress = new Progress();
      void progress.during("Starting", new Promise<never>(() => undefined));
      mock.timers.tick(3_000);
      progress.stopping();
      mock.timers.tick(30_000);
    } finally {
      mock.timers.reset();
      written.restore();
    }
    const said = written.calls.map((call) => String(call.arguments[0]).replace(/^.*?] /, ""));
    expect(said).to.deep.equal([
      "Starting …\n",
      "… still starting\n",
      "Stopping … (once more to force it)\n",
    ]);
  });
});
