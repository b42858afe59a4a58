import { randomUUID } from "node:crypto";
import { uuidToBytes } from "@tessera/service-kit/uuid";
import type { System } from "@tessera/testkit/processes";
import { Buyer, createEvent, newBuyers, type SaleEvent, signIn } from "../market.ts";
import { call } from "../rest.ts";
import { claimsOf } from "./jwt.ts";
import { inUserSchema } from "./system-keys.ts";

/** Who tries to reach what is somebody's. */
export interface Cast {
  url: string;
  /** Whose reservations and places it is about. */
  owner: Buyer;
  /** Another customer. */
  stranger: Buyer;
  /** Whose event it is. */
  organiser: Buyer;
  /** Another organiser. */
  rival: Buyer;
  event: SaleEvent;
  /** An event with a waiting room, not on sale yet. */
  early: SaleEvent;
}

/** New people, and events that nobody else knows. */
export async function newCast(system: System): Promise<Cast> {
  const url = system.bffUrl();
  const [[owner, stranger], organiser, rival] = await Promise.all([
    newBuyers(url, 2) as Promise<[Buyer, Buyer]>,
    signIn(url).then((token) => holderOf(url, token)),
    newOrganiser(system),
  ]);
  const hours = (count: number) => new Date(Date.now() + count * 36e5).toISOString();
  const event = await createEvent(url, [100], { maxPerUser: 100 });
  const early = await createEvent(url, [100], {
    salesOpenAt: hours(1),
    salesCloseAt: hours(2),
    waitingRoom: { admitPerMinute: 60, maxActive: 10, passSeconds: 60 },
  });
  return { url, owner, stranger, organiser, rival, event, early };
}

/** Sign-up makes customers only, and the seed program one organiser: another is made by hand. */
async function newOrganiser(system: System): Promise<Buyer> {
  const url = system.bffUrl();
  const person = { email: `${randomUUID()}@example.com`, password: "a password for tests" };
  const user = await call<{ id: string }>(`${url}/v1/users`, {
    body: { ...person, name: "Rival" },
  });
  await inUserSchema(system, "UPDATE user SET role = 'organiser' WHERE id = ?", [
    uuidToBytes(user.body.id),
  ]);
  return holderOf(url, await signIn(url, person));
}

function holderOf(url: string, token: string): Buyer {
  return new Buyer({ url, token, userId: String(claimsOf(token).sub) });
}
