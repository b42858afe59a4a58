import type { ServiceProcess } from "@tessera/testkit/service-process";

/** Where a process tells its metrics and its health. */
export function adminUrl(process: ServiceProcess | undefined): string {
  if (process === undefined) {
    throw new Error("there is no such process");
  }
  const port = process.name.startsWith("bff")
    ? process.port("adminPort")
    : process.port("httpPort");
  return `http://127.0.0.1:${port}`;
}

/** A process's metrics, as text. */
export async function metricsOf(process: ServiceProcess | undefined): Promise<string> {
  const response = await fetch(`${adminUrl(process)}/metrics`);
  return await response.text();
}

/** The sum of the samples with this name whose labels contain all of these texts. */
export async function metricOf(
  process: ServiceProcess | undefined,
  name: string,
  ...labels: readonly string[]
): Promise<number> {
  return (await metricsOf(process))
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}
