import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Children, STOP_GRACE_MS } from "@tessera/testkit/stores/children";
import { lastLines, StoreServer } from "@tessera/testkit/stores/store-server";
import { expect } from "chai";

describe("a store that is being stopped", () => {
  const folder = mkdtempSync(join(tmpdir(), "tessera-store-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  // MariaDB loses signals of its first moments.
  it("is killed soon when it has never answered and does not listen", async () => {
    const children = new Children(join(folder, "run"));
    const logFile = join(folder, "server.log");
    const deaf = Promise.withResolvers<void>();
    const server = new StoreServer({
      ...{ children, name: "deaf", url: "deaf://", remedy: "", logFile },
      command: ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.05; done"],
      ping: async () => {
        if (lastLines(logFile, 1) === "deaf") {
          deaf.resolve();
        }
        throw new Error("it does not answer");
      },
    });
    const failure = server.start().catch((reason: unknown) => reason);
    await deaf.promise;
    await children.stopAll();
    expect(String(await failure)).to.contain("deaf does not start");
    expect(server.isRunning).to.equal(false);
    // One that has answered is given this long.
  }).timeout(STOP_GRACE_MS);
});
