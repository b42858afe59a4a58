import type { Random } from "../random.ts";
import type { Impairment } from "../world/link.ts";
import { LINKS, type LinkName } from "../world/world.ts";
import { breaking } from "./breaking.ts";
import type { Fault } from "./fault.ts";

/** What a link can do to those who talk through it. */
interface Trouble {
  title: string;
  lastsMs: readonly [min: number, max: number];
  /** The links on which it means something. */
  links: readonly LinkName[];
  impairment: (random: Random) => Impairment;
}

/** Buyers see what happens to this one with their own eyes; what happens to others is answered. */
const BUYERS_LINK: LinkName = "client-bff";
const STORE_LINKS = LINKS.filter((link) => /-(mysql|redis)$/.test(link));
const HTTP_LINKS = LINKS.filter((link) => !STORE_LINKS.includes(link));

const TROUBLES: Readonly<Record<string, Trouble>> = {
  "net-delay": {
    title: "The network is slow",
    lastsMs: [2_000, 6_000],
    links: LINKS,
    impairment: (random) => {
      const ms = random.integer(5, 150);
      return { kind: "delay", ms, jitterMs: Math.ceil(ms / 4) };
    },
  },
  "net-drop": {
    title: "The network loses everything",
    lastsMs: [1_000, 6_000],
    links: LINKS,
    impairment: () => ({ kind: "drop" }),
  },
  "net-cut": {
    title: "Connections are cut again and again",
    lastsMs: [1_000, 6_000],
    links: LINKS,
    impairment: (random) => ({ kind: "cut", everyMs: random.integer(50, 1_000) }),
  },
  // Between services the mesh, or gRPC's keep-alive, finds such a connection.
  "net-strand": {
    title: "Connections fall silent for good, and new ones are well",
    lastsMs: [1_000, 3_000],
    links: STORE_LINKS,
    impairment: () => ({ kind: "strand" }),
  },
  // Only where one piece of what is carried is one request can it be carried twice.
  "net-duplicate": {
    title: "Requests arrive twice",
    lastsMs: [2_000, 6_000],
    links: HTTP_LINKS,
    impairment: (random) => ({ kind: "duplicate", share: random.integer(10, 100) / 100 }),
  },
  "net-lose-replies": {
    title: "What is asked is done, and its answer is lost",
    lastsMs: [1_000, 6_000],
    links: LINKS,
    impairment: () => ({ kind: "lose-replies" }),
  },
};

/** Each trouble on some link between the processes, and on the one between buyers and us. */
export const NETWORK_FAULTS: readonly Fault[] = Object.entries(TROUBLES).flatMap(
  ([name, { links }]) => {
    const inner = links.filter((link) => link !== BUYERS_LINK);
    const isBuyersToo = links.includes(BUYERS_LINK);
    return [networkFault(name, inner), ...(isBuyersToo ? pinned(name, BUYERS_LINK) : [])];
  },
);

/** Each trouble on each link for which it means something: `net-drop@reservation-mysql`. */
export const PINNED_NETWORK_FAULTS: readonly Fault[] = Object.entries(TROUBLES).flatMap(
  ([name, { links }]) => links.flatMap((link) => pinned(name, link)),
);

function pinned(name: string, link: LinkName): Fault[] {
  const fault = networkFault(name, [link]);
  return [{ ...fault, name: `${name}@${link}`, title: `${fault.title}: ${link}` }];
}

function networkFault(name: string, links: readonly LinkName[]): Fault {
  const trouble = TROUBLES[name];
  if (trouble === undefined) {
    throw new Error(`${name} is no trouble of the network`);
  }
  return {
    name,
    title: trouble.title,
    part: "network",
    lastsMs: trouble.lastsMs,
    mayCut: links.includes(BUYERS_LINK),
    begin: async (world, random) => {
      const link = random.pick(links);
      const impairment = trouble.impairment(random);
      return await breaking(
        `${link}: ${inWords(impairment)}`,
        async () => world.links[link].impair(impairment),
        async () => world.links[link].heal(),
      );
    },
  };
}

function inWords(impairment: Impairment): string {
  switch (impairment.kind) {
    case "delay":
      return `${impairment.ms} ms slower`;
    case "drop":
      return "nothing arrives";
    case "cut":
      return `cut every ${impairment.everyMs} ms`;
    case "lose-replies":
      return "replies are lost";
    case "strand":
      return "open connections carry nothing any more";
    case "duplicate":
      return `${Math.round(100 * impairment.share)} % of requests arrive twice`;
  }
}
