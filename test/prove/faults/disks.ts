import type { Disk, World } from "../world/world.ts";
import { breaking } from "./breaking.ts";
import type { Fault } from "./fault.ts";

/** A store cannot write one byte more. */
export const DISK_FAULTS: readonly Fault[] = [
  {
    name: "disk-full-mysql",
    title: "MySQL's disk is full",
    part: "mysql",
    lastsMs: [2_000, 6_000],
    mayCut: false,
    needs: needsDisks,
    begin: async (world) => await full("MySQL's disk", world.disks?.mysql),
  },
  {
    name: "disk-full-redis",
    title: "The disk with Redis's append-only file is full",
    part: "redis",
    lastsMs: [2_000, 6_000],
    mayCut: false,
    needs: needsDisks,
    begin: async (world) => await full("Redis's disk", world.disks?.redis),
  },
];

function needsDisks({ disks }: World): string | undefined {
  return disks === undefined ? "small file systems cannot be made here" : undefined;
}

function full(name: string, disk: Disk | undefined) {
  if (disk === undefined) {
    throw new Error(`${name} is not a file system of its own`);
  }
  return breaking(
    `${name} is full`,
    () => disk.fill(),
    () => disk.free(),
  );
}
