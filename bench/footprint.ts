import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SERVICES, type ServiceName } from "@tessera/testkit/services";
import type { Session } from "../tools/local/session.ts";

/** What the services use of memory and processor, read from /proc while a load runs. */
export class Footprint {
  readonly #pids: ReadonlyMap<ServiceName, number>;
  readonly #mostBytes = new Map<ServiceName, number>();
  readonly #lastBytes = new Map<ServiceName, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(session: Session) {
    this.#pids = pidsBelow(join(session.folder, "run"));
  }

  /** Begins to look, twice a second. */
  start(): void {
    this.#timer = setInterval(() => {
      for (const [service, pid] of this.#pids) {
        const bytes = residentBytes(pid);
        this.#lastBytes.set(service, bytes);
        this.#mostBytes.set(service, Math.max(bytes, this.#mostBytes.get(service) ?? 0));
      }
    }, 500);
  }

  /** Ends; the most and the last that each service had resident, in MiB. */
  stop(): Record<string, { most: number; last: number }> {
    clearInterval(this.#timer);
    const mebibytes = (bytes = 0) => Math.round(bytes / 1024 / 1024);
    return Object.fromEntries(
      SERVICES.map((service) => [
        service,
        {
          most: mebibytes(this.#mostBytes.get(service)),
          last: mebibytes(this.#lastBytes.get(service)),
        },
      ]),
    );
  }
}

function pidsBelow(folder: string): Map<ServiceName, number> {
  const pids = new Map<ServiceName, number>();
  for (const file of readdirSync(folder)) {
    const service = SERVICES.find((name) => file === `${name}.json`);
    if (service !== undefined) {
      pids.set(service, JSON.parse(readFileSync(join(folder, file), "utf8")).pid);
    }
  }
  return pids;
}

function residentBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    // Not on Linux, or the process is being restarted.
    return 0;
  }
}
