import { SCHEMAS } from "@tessera/testkit/schemas";
import type { Addresses, ServiceName, SystemSettings } from "@tessera/testkit/services";
import { Random } from "../random.ts";
import { TcpLink } from "./tcp-link.ts";
import type { LinkName } from "./world.ts";
import { LINKS } from "./world.ts";

/** Where each piece of the network leads. */
export interface NetworkEnds {
  /** The ports of the processes of a service that may be called now: gRPC's, or the BFF's HTTP. */
  portsOf: (service: ServiceName) => readonly number[];
  mysqlPort: number;
  redisPort: number;
}

/** The links, each listening. */
export type Network = Readonly<Record<LinkName, TcpLink>>;

/** Opens every link; what was opened before a failure is closed. */
export async function openNetwork(ends: NetworkEnds): Promise<Network> {
  const random = new Random(1);
  const opened: [LinkName, TcpLink][] = [];
  try {
    for (const name of LINKS) {
      const targets = targetsOf(name, ends);
      opened.push([name, await TcpLink.open({ targets, random: random.fork(name) })]);
    }
  } catch (reason) {
    await closeNetwork(opened.map(([, link]) => link));
    throw reason;
  }
  return Object.fromEntries(opened) as Record<LinkName, TcpLink>;
}

/** Ends everything that the links carry. */
export async function closeNetwork(links: readonly TcpLink[]): Promise<void> {
  await Promise.all(links.map((link) => link.close()));
}

/** The settings of one service, with the network between it and all that it calls. */
export function throughNetwork(
  service: ServiceName,
  settings: SystemSettings,
  network: Network,
): { settings: SystemSettings; addresses: Addresses } {
  const mysqlUrls = Object.fromEntries(
    SCHEMAS.map((schema) => [
      schema,
      at(settings.mysqlUrls[schema], network[`${schema}-mysql`].address),
    ]),
  ) as Record<(typeof SCHEMAS)[number], string>;
  const redis = service === "bff" ? network["bff-redis"] : network["reservation-redis"];
  const inventory = service === "bff" ? network["bff-inventory"] : network["reservation-inventory"];
  return {
    settings: { ...settings, mysqlUrls, redisUrl: at(settings.redisUrl, redis.address) },
    addresses: {
      inventory: inventory.address,
      reservation: network["bff-reservation"].address,
      user: network["bff-user"].address,
    },
  };
}

/** The same URL, somewhere else. */
function at(text: string, address: string): string {
  const url = new URL(text);
  url.host = address;
  return url.href;
}

function targetsOf(name: LinkName, ends: NetworkEnds): () => readonly number[] {
  const { portsOf, mysqlPort, redisPort } = ends;
  switch (name) {
    case "client-bff":
      return () => portsOf("bff");
    case "bff-inventory":
    case "reservation-inventory":
      return () => portsOf("inventory-svc");
    case "bff-reservation":
      return () => portsOf("reservation-svc");
    case "bff-user":
      return () => portsOf("user-svc");
    case "inventory-mysql":
    case "reservation-mysql":
    case "user-mysql":
      return () => [mysqlPort];
    case "reservation-redis":
    case "bff-redis":
      return () => [redisPort];
  }
}
