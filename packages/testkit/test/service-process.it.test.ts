import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rejectionOf } from "@tessera/testkit/rejection";
import { ServiceProcess } from "@tessera/testkit/service-process";
import { Children } from "@tessera/testkit/stores/children";
import { expect } from "chai";
import { Supervisor } from "../../../tools/local/supervisor.ts";

describe("a service whose program is not there", () => {
  const folder = mkdtempSync(join(tmpdir(), "tessera-service-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const children = new Children(join(folder, "run"));
  const newService = () =>
    new ServiceProcess({
      ...{ children, name: "lost", env: {}, logFile: join(folder, "lost.log") },
      command: [join(folder, "not-there")],
    });

  it("says so to whoever starts it", async () => {
    const failure = await rejectionOf(newService().start());
    expect(String(failure)).to.match(/lost did not come to serve.*\n.*not-there ENOENT/);
  });

  it("is given up after a few tries by whoever keeps it running", async () => {
    const said: string[] = [];
    const supervisor = new Supervisor({ children, say: (text) => said.push(text) });
    supervisor.keep(newService());
    expect(String(await rejectionOf(supervisor.hopeless))).to.contain("lost does not start");
    expect(said[0]).to.match(/lost could not be started: .*not-there ENOENT; starting it again/);
  });
});
