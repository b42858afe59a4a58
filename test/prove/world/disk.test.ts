import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { LoopDisk, unmountBelow } from "./disk.ts";

describe("LoopDisk", () => {
  // With a space, which the list of mounts writes in another way.
  const folder = mkdtempSync(join(tmpdir(), "tessera disk-"));
  const place = join(folder, "data");
  after(async () => {
    await unmountBelow(folder);
    rmSync(folder, { recursive: true });
  });

  it("is full, and has room again; nothing of it stays mounted", async () => {
    const disk = await LoopDisk.mount(place, 16);
    if (disk === undefined) {
      // Not everybody may mount: then there is a plain folder, and no more than that.
      expect([existsSync(place), existsSync(`${place}.img`)]).to.deep.equal([true, false]);
      return;
    }
    const old = join(place, "old");
    writeFileSync(old, "was there before");
    await disk.fill();
    for (const file of [old, join(place, "new")]) {
      expect(() => appendFileSync(file, "x".repeat(8192))).to.throw("ENOSPC");
    }
    await disk.fill();
    await disk.free();
    await disk.free();
    writeFileSync(old, "x".repeat(1024 ** 2));
    await unmountBelow(folder);
    expect(existsSync(old)).to.equal(false);
    expect(readFileSync("/proc/self/mounts", "utf8")).to.not.contain("tessera\\040disk-");
  });
});
