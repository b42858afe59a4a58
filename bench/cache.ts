import { signInOrganiser } from "../tools/local/seed.ts";
import type { LocalSystem } from "../tools/local/system.ts";
import { postJson, run } from "./load.ts";
import type { Bench } from "./scenarios.ts";
import type { Target } from "./targets.ts";
import { eventBody } from "./tessera.ts";

/**
 * How many events are read in turn where nothing shall come from memory: more than the BFF keeps of
 * a kind, and more than are read in the second for which it would keep them.
 */
const EVENTS = 25_000;

/** One kind of read. */
export interface ReadScenario {
  name: string;
  connections: readonly number[];
  target: Target;
}

const CACHED = [64, 256];
/** Past its memory, the BFF has 128 reads of a kind under way at most. */
const UNCACHED = [64, 128];

/** Puts events on sale to be read; resolves to their ids. */
export async function createReadEvents(system: LocalSystem, scale: number): Promise<string[]> {
  const count = EVENTS * scale;
  const accessToken = await signInOrganiser(system.bffUrl);
  const authorization = `Authorization: Bearer ${accessToken}\r\n`;
  const ids: string[] = [];
  await run({
    port: system.ports.bff,
    connections: 32,
    requests: count,
    request: (index) => {
      const body = eventBody(`Read ${index}`, { capacity: 100 });
      return postJson("/v1/events", JSON.stringify(body), authorization);
    },
    onAnswer: (_index, status, body) => {
      if (status === 201) {
        ids.push(JSON.parse(body.toString()).id);
      }
    },
  });
  if (ids.length < count) {
    throw new Error(`only ${ids.length} of ${count} events were created`);
  }
  return ids;
}

/** Reads that come from memory, and reads that do not. */
export function readScenarios({ system, readIds }: Bench): ReadScenario[] {
  const [hot = ""] = readIds;
  const reading = (pathOf: () => string, headers = ""): Target => ({
    port: system.ports.bff,
    request: () => `GET ${pathOf()} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`,
  });
  // A load goes on where the last one ended: from the beginning it would meet what that one left.
  let next = 0;
  const inTurn = () => {
    next += 1;
    return readIds[next % readIds.length] ?? "";
  };
  const path = (id: string) => `/v1/events/${id}`;
  const at = (connections: readonly number[], targets: Record<string, Target>): ReadScenario[] =>
    Object.entries(targets).map(([name, target]) => ({ name, connections, target }));
  return [
    ...at(CACHED, {
      "e cached list": reading(() => "/v1/events?sort=-createdAt"),
      "e cached detail": reading(() => path(hot)),
      "e cached availability": reading(() => `${path(hot)}/availability`),
      "e not modified": reading(() => path(hot), "If-None-Match: *\r\n"),
    }),
    ...at(UNCACHED, {
      "e uncached detail": reading(() => path(inTurn())),
      "e uncached availability": reading(() => `${path(inTurn())}/availability`),
    }),
  ];
}
