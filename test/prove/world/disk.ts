import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { rm, truncate } from "node:fs/promises";
import { join, sep } from "node:path";
import { promisify } from "node:util";
import type { Disk } from "./world.ts";

const run = promisify(execFile);

/** A file system of its own, in a file, of so many MiB. Making one needs root, and Linux. */
export class LoopDisk implements Disk {
  readonly #folder: string;
  readonly #sizeMib: number;

  private constructor(folder: string, sizeMib: number) {
    this.#folder = folder;
    this.#sizeMib = sizeMib;
  }

  /** Makes one, empty, and mounts it at `folder`. Undefined where that cannot be done. */
  static async mount(folder: string, sizeMib: number): Promise<LoopDisk | undefined> {
    const image = `${folder}.img`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(image, "");
    await truncate(image, sizeMib * 1024 ** 2);
    try {
      // Nothing of it is kept for root: it is root that is to find it full.
      await run("mkfs.ext4", ["-q", "-F", "-b", "4096", "-m", "0", image]);
      await run("mount", ["-o", "loop", image, folder]);
    } catch {
      rmSync(image);
      return undefined;
    }
    return new LoopDisk(folder, sizeMib);
  }

  async fill(): Promise<void> {
    // It takes all that there is before it finds that this is not enough.
    const tooMuch = `${this.#sizeMib + 1}MiB`;
    await run("fallocate", ["-l", tooMuch, this.#ballast]).catch(() => undefined);
  }

  async free(): Promise<void> {
    await rm(this.#ballast, { force: true });
  }

  get #ballast(): string {
    return join(this.#folder, "ballast");
  }
}

/** Unmounts every disk below `folder`, those of a killed run as well. */
export async function unmountBelow(folder: string): Promise<void> {
  const below = mountPoints().filter((place) => place.startsWith(folder + sep));
  for (const place of below) {
    // Somebody may still look into it; it is gone when he goes.
    await run("umount", [place]).catch(() => run("umount", ["--lazy", place]));
  }
}

/** Empty where the system does not tell. */
function mountPoints(): string[] {
  try {
    const lines = readFileSync("/proc/self/mounts", "utf8").trimEnd().split("\n");
    return lines.map((line) => unescaped(line.split(" ")[1] ?? ""));
  } catch {
    return [];
  }
}

/** Spaces and the like are written as octal numbers there. */
function unescaped(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_all, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
