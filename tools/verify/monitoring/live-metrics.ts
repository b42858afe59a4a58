import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { eraseStores } from "@tessera/testkit/stores/stores";
import { freePorts, type Ports } from "../../local/ports.ts";
import { Progress } from "../../local/progress.ts";
import { seedSampleEvent } from "../../local/seed.ts";
import { inSession } from "../../local/session.ts";
import { startSystem } from "../../local/system.ts";

const FOLDER = join(ROOT, ".data", "verify", "monitoring");

/** Starts the system with stores of its own, lets it work a little, and scrapes all of it. */
export async function scrapeSystem(): Promise<string> {
  const progress = new Progress();
  let scraped = "";
  const code = await inSession({ folder: FOLDER, progress, codeOnSignal: 130 }, async (session) => {
    await eraseStores(join(session.folder, "stores"));
    const ports = await freePorts();
    const env = process.env;
    const prefix = { schemaPrefix: "verify_" };
    const system = await startSystem({
      ...{ session, progress, ports, env, ...prefix },
      logLevel: "warn",
    });
    await seedSampleEvent(system.bffUrl);
    await fetch(`${system.bffUrl}/v1/events`);
    scraped = (await Promise.all(portsOf(ports).map(scrape))).join("\n");
    return 0;
  });
  if (code !== 0) {
    throw new Error("the system was stopped before it was scraped");
  }
  return scraped;
}

function portsOf({ bffAdmin, inventoryHttp, reservationHttp, userHttp }: Ports): number[] {
  return [bffAdmin, inventoryHttp, reservationHttp, userHttp];
}

async function scrape(port: number): Promise<string> {
  const response = await fetch(`http://localhost:${port}/metrics`);
  if (!response.ok) {
    throw new Error(`/metrics on ${port} answers ${response.status}`);
  }
  return await response.text();
}
