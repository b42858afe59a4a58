import { SCHEMAS } from "@tessera/testkit/schemas";
import type { Addresses, ServiceName, SystemSettings } from "@tessera/testkit/services";
import { Random } from "../random.ts";
import { GrpcForwarder } from "./grpc-forwarder.ts";
import { HttpForwarder } from "./http-forwarder.ts";
import type { Link } from "./link.ts";
import { RequestLink } from "./request-link.ts";
import { TcpLink } from "./tcp-link.ts";
import { LINKS, type LinkName } from "./world.ts";

/** Where each piece of the network leads. */
export interface NetworkEnds {
  /** The ports of the processes of a service that may be called now: gRPC's, or the BFF's HTTP. */
  portsOf: (service: ServiceName) => readonly number[];
  mysqlPort: number;
  redisPort: number;
}

/** A link that is ours to close. */
type OpenLink = Link & { close(): Promise<void> };

/** The links, each listening. */
export type Network = Readonly<Record<LinkName, OpenLink>>;

/** Opens every link; what was opened before a failure is closed. */
export async function openNetwork(ends: NetworkEnds): Promise<Network> {
  const random = new Random(1);
  const opened: [LinkName, OpenLink][] = [];
  try {
    for (const name of LINKS) {
      opened.push([name, await openLink(name, ends, random.fork(name))]);
    }
  } catch (reason) {
    await closeNetwork(opened.map(([, link]) => link));
    throw reason;
  }
  return Object.fromEntries(opened) as Record<LinkName, OpenLink>;
}

/** Ends everything that the links carry. */
export async function closeNetwork(links: readonly OpenLink[]): Promise<void> {
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

/** What goes to a service is requests, what goes to a store is bytes. */
async function openLink(name: LinkName, ends: NetworkEnds, random: Random): Promise<OpenLink> {
  const { portsOf, mysqlPort, redisPort } = ends;
  const grpcTo = (service: ServiceName) =>
    RequestLink.open({ targets: () => portsOf(service), random }, GrpcForwarder.open);
  switch (name) {
    case "client-bff":
      return await RequestLink.open({ targets: () => portsOf("bff"), random }, HttpForwarder.open);
    case "bff-inventory":
    case "reservation-inventory":
      return await grpcTo("inventory-svc");
    case "bff-reservation":
      return await grpcTo("reservation-svc");
    case "bff-user":
      return await grpcTo("user-svc");
    case "inventory-mysql":
    case "reservation-mysql":
    case "user-mysql":
      return await TcpLink.open({ targets: () => [mysqlPort], random });
    case "reservation-redis":
    case "bff-redis":
      return await TcpLink.open({ targets: () => [redisPort], random });
  }
}
