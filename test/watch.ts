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
export async function metricsOf(
  process: ServiceProcess | undefined,
  options?: { signal: AbortSignal },
): Promise<string> {
  const response = await fetch(`${adminUrl(process)}/metrics`, options);
  return await response.text();
}

/** The sum of the samples with this name whose labels contain all of these texts. */
export async function metricOf(
  process: ServiceProcess | undefined,
  name: string,
  ...labels: readonly string[]
): Promise<number> {
  return sumIn(await metricsOf(process), name, ...labels);
}

/** As `metricOf`, of metrics that were read before. */
export function sumIn(metrics: string, name: string, ...labels: readonly string[]): number {
  return metrics
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}
