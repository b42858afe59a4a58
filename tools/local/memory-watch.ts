import type { ServiceName } from "@tessera/testkit/services";
import { median } from "./median.ts";
import type { Ports } from "./ports.ts";

/** How often services are asked, in milliseconds. */
const PERIOD_MS = 2_000;

/** A service's resident memory in MiB: of the middle of a run, of its end, and the most. */
export interface MemoryUse {
  middle: number;
  end: number;
  most: number;
}

/** What services say of their own memory while a load runs. */
export class MemoryWatch {
  readonly #ports: Readonly<Record<ServiceName, number>>;
  readonly #seen = new Map<ServiceName, number[]>();
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: Ports) {
    this.#ports = {
      "inventory-svc": ports.inventoryHttp,
      "user-svc": ports.userHttp,
      "reservation-svc": ports.reservationHttp,
      bff: ports.bffAdmin,
    };
  }

  /** Begins to look. */
  start(): void {
    void this.#look();
    this.#timer = setInterval(() => void this.#look(), PERIOD_MS);
  }

  /** Ends; what each service used, where it said so. */
  stop(): Partial<Record<ServiceName, MemoryUse>> {
    clearInterval(this.#timer);
    return Object.fromEntries(
      [...this.#seen].map(([service, mebibytes]) => [service, useOf(mebibytes)]),
    );
  }

  async #look(): Promise<void> {
    const services = Object.entries(this.#ports) as [ServiceName, number][];
    await Promise.all(
      services.map(async ([service, port]) => {
        const mebibytes = await residentMebibytes(port);
        if (mebibytes !== undefined) {
          this.#seen.set(service, [...(this.#seen.get(service) ?? []), mebibytes]);
        }
      }),
    );
  }
}

function useOf(mebibytes: readonly number[]): MemoryUse {
  const third = Math.floor(mebibytes.length / 3);
  return {
    middle: Math.round(median(mebibytes.slice(third, 2 * third))),
    end: Math.round(median(mebibytes.slice(2 * third))),
    most: Math.round(Math.max(...mebibytes)),
  };
}

/** Undefined when the service does not say. */
async function residentMebibytes(port: number): Promise<number | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
      signal: AbortSignal.timeout(PERIOD_MS),
    });
    const [, bytes] =
      /^process_resident_memory_bytes(?:\{[^}]*\})? (\S+)/m.exec(await response.text()) ?? [];
    return bytes === undefined ? undefined : Number(bytes) / 1024 / 1024;
  } catch {
    return undefined;
  }
}
