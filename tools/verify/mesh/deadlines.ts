import { readConfig as readBffConfig } from "../../../bff/src/config.ts";
import { readConfig as readReservationConfig } from "../../../reservation-svc/src/config.ts";
import { type GrpcRoute, type HttpRoute, named, ofKind } from "./kinds.ts";
import type { World } from "./world.ts";

/** Between two tries the proxy waits 25 ms and as much again by chance. */
const BACKOFF_MS = 50;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** What is wrong with how long calls may take: who is further out waits longer, tries included. */
export function checkDeadlines(world: World): string[] {
  const routes = ofKind(world.objects, "GRPCRoute");
  return [...routes.flatMap(checkTries), ...checkChain(world)];
}

function checkTries({ metadata }: GrpcRoute): string[] {
  const { annotations = {} } = metadata;
  const requestMs = msOf(annotations["timeout.linkerd.io/request"]);
  const tryMs = msOf(annotations["retry.linkerd.io/timeout"]);
  const tries = 1 + Number(annotations["retry.linkerd.io/limit"] ?? 0);
  if (requestMs === undefined) {
    return [`GRPCRoute ${metadata.name} has no timeout`];
  }
  const neededMs = tries * (tryMs ?? 0) + (tries - 1) * BACKOFF_MS;
  return neededMs <= requestMs
    ? []
    : [`GRPCRoute ${metadata.name}: ${tries} tries take ${neededMs} ms, more than ${requestMs}`];
}

/** Each wait, and those that are inside of it. */
function checkChain(world: World): string[] {
  const bff = readBffConfig({ ...settingsOf(world, "bff"), ...SECRETS });
  const reservation = readReservationConfig({
    ...settingsOf(world, "reservation-svc"),
    ...SECRETS,
  });
  const answersMs = [bff.eventsMaxAgeMs, bff.availabilityMaxAgeMs].filter((ms) => ms > 0);
  const waits = {
    // A request waits for its turn as long as for its call.
    "HTTPRoute bff": [msOfRoute(world, "HTTPRoute", "bff"), 2 * bff.rpcTimeoutMs],
    "bff's calls": [bff.rpcTimeoutMs, ...routesTo(world, /^(inventory|reservation|user)-svc/)],
    "bff's reads": [Math.min(...answersMs), ...routesTo(world, /^inventory-svc-reads$/)],
    // What reservation-svc does for these, it may have to ask inventory-svc for.
    "GRPCRoute reservation-svc-changes": [
      msOfRoute(world, "GRPCRoute", "reservation-svc-changes"),
      reservation.rpcTimeoutMs,
    ],
    "reservation-svc's calls": [reservation.rpcTimeoutMs, ...routesTo(world, /^inventory-svc/)],
  };
  return Object.entries(waits).flatMap(([what, [outerMs = 0, ...innerMs]]) =>
    innerMs.length > 0 && innerMs.every((ms) => ms < outerMs)
      ? []
      : [`${what}: ${outerMs} ms must be more than ${innerMs.join(", ")}`],
  );
}

/** Required by the programs, and of no interest here. */
const SECRETS = {
  MYSQL_URL: "mysql://localhost/x",
  REDIS_URL: "redis://localhost",
  PASS_SECRETS: "x".repeat(32),
};

function settingsOf({ workloads }: World, workload: string): Record<string, string> {
  return workloads.find(({ name }) => name === workload)?.settings ?? {};
}

/** How long the routes with such names may take. */
function routesTo(world: World, pattern: RegExp): number[] {
  return ofKind(world.objects, "GRPCRoute")
    .filter(({ metadata }) => pattern.test(metadata.name))
    .map(requestMsOf);
}

function msOfRoute({ objects }: World, kind: "GRPCRoute" | "HTTPRoute", name: string): number {
  const route = named(objects, kind, name);
  return route === undefined ? 0 : requestMsOf(route);
}

function requestMsOf({ metadata }: GrpcRoute | HttpRoute): number {
  return msOf(metadata.annotations?.["timeout.linkerd.io/request"]) ?? Number.POSITIVE_INFINITY;
}

function msOf(duration: string | undefined): number | undefined {
  const [, amount, unit = ""] = /^(\d+)([a-z]+)$/.exec(duration ?? "") ?? [];
  return amount === undefined ? undefined : Number(amount) * (UNIT_MS[unit] ?? Number.NaN);
}
