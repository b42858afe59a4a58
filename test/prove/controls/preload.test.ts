import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "@tessera/testkit/services";
import { expect } from "chai";

const PRELOAD = join(import.meta.dirname, "preload.ts");
/** Says how often a hold may be extended, as a service would come to know it. */
const SCRIPT = `import { EXTENDS_MAX } from "./reservation-svc/src/domain/reservation.ts";
  process.stdout.write(String(EXTENDS_MAX));`;

describe("the seam of the negative controls", () => {
  let folder = "";

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "tessera-control-"));
  });

  after(() => rmSync(folder, { recursive: true }));

  /** What the script says with this control in force. */
  async function said(name: string): Promise<string> {
    const file = join(folder, "control");
    writeFileSync(file, name);
    const args = [`--import=${PRELOAD}`, "--input-type=module", "--eval", SCRIPT];
    const options = { cwd: ROOT, env: { PROVE_CONTROL_FILE: file } };
    const { stdout } = await promisify(execFile)(process.execPath, args, options);
    return stdout;
  }

  it("changes a source as it is loaded", async () => {
    expect(await said("extended-without-end")).to.equal("300");
  });

  it("leaves the product as it is when no control is in force", async () => {
    expect(await said("")).to.equal("3");
  });

  it("ends the process that is told of a control that there is not", async () => {
    const failure = await said("no-such-thing").catch(String);
    expect(failure).to.contain('there is no control "no-such-thing"');
  });
});
