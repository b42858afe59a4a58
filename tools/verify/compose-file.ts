import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT, SERVICES, type ServiceName } from "@tessera/testkit/services";
import { parse } from "yaml";
import { goProgramsIn } from "../local/go-program.ts";
import { readBy } from "./charts/programs.ts";
import { findOrBuild } from "./go-tools.ts";

/** A Compose file as Compose understands it: merged, interpolated, paths resolved. */
export interface ComposeProject {
  services: Readonly<Record<string, ComposeService>>;
}

/** Those fields that are looked at here. */
interface ComposeService {
  image?: string;
  build?: unknown;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  environment?: Record<string, string | null>;
  ports?: { host_ip?: string; published?: string }[];
  volumes?: { type: string; source?: string }[];
  deploy?: { resources?: { limits?: { memory?: string } } };
}

/** Loads a Compose file strictly; rejects with what its loader says is wrong. */
export async function loadCompose(file: string): Promise<ComposeProject> {
  const loader = await findComposeLoader();
  const { stdout } = await promisify(execFile)(loader, [file], { cwd: ROOT, timeout: 60_000 });
  return parse(stdout);
}

/** The path of the program that reads Compose files, built once. */
export function findComposeLoader(): Promise<string> {
  const [program] = goProgramsIn(join(import.meta.dirname, "compose"));
  if (program === undefined) {
    throw new Error("tools/verify/compose/go.mod names no tool");
  }
  // Its package has no name of its own.
  return findOrBuild({ ...program, name: "compose-spec" });
}

/** What Compose would run, and should not. */
export function composeFaults({ services }: ComposeProject): string[] {
  return [
    ...Object.entries(services).flatMap(([name, service]) =>
      serviceFaults(service).map((fault) => `${name} ${fault}`),
    ),
    ...SERVICES.flatMap((name) => {
      const service = services[name];
      return (service === undefined ? ["is missing"] : workloadFaults(name, service)).map(
        (fault) => `${name} ${fault}`,
      );
    }),
  ];
}

function serviceFaults(service: ComposeService): string[] {
  const { image = "", build, ports = [], volumes = [] } = service;
  return [
    ...(build !== undefined || /:v?\d+\.\d+\.\d+(-\w+)?$/.test(image)
      ? []
      : [`runs ${image}, which may be another image tomorrow`]),
    ...ports
      .filter(({ host_ip }) => host_ip !== "127.0.0.1")
      .map(({ published }) => `publishes ${published} to everybody`),
    ...volumes
      .filter(({ type, source = "" }) => type === "bind" && !existsSync(source))
      .map(({ source }) => `mounts ${source}, which is not there`),
    ...(service.deploy?.resources?.limits?.memory === undefined ? ["may use all memory"] : []),
    ...(service.security_opt?.includes("no-new-privileges:true") ? [] : ["may gain privileges"]),
  ];
}

function workloadFaults(name: ServiceName, service: ComposeService): string[] {
  return [
    ...(service.read_only === true ? [] : ["can write to its root"]),
    ...(service.cap_drop?.includes("ALL") ? [] : ["has capabilities"]),
    ...settingFaults(name, service.environment ?? {}),
  ];
}

/** Settings that the program refuses, misses or never reads. */
function settingFaults(
  name: ServiceName,
  environment: Readonly<Record<string, string | null>>,
): string[] {
  const given = Object.entries(environment).map(([setting, value]) => [
    setting,
    value ?? undefined,
  ]);
  const { names, refusal } = readBy(name, Object.fromEntries(given));
  const unread = Object.keys(environment).filter((setting) => !names.includes(setting));
  return refusal === undefined
    ? unread.map((setting) => `is given ${setting}, which it never reads`)
    : [refusal];
}
