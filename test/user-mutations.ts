import { randomUUID } from "node:crypto";
import type { Clients, Prepared } from "./mutations.ts";

function newPerson() {
  const email = `${randomUUID()}@example.com`;
  return { requestId: randomUUID(), email, password: "correct horse", name: "Ann" };
}

/** Prepares the RPC of this name. */
export async function createUser(clients: Clients): Promise<Prepared> {
  const request = newPerson();
  const users = clients["user-svc"];
  return {
    send: async (to) => (await to["user-svc"].createUser(request)).user,
    // The one account is the one that its owner can sign in to.
    effect: async () => (await users.createSession(request)).tokens?.expiresIn !== undefined,
    once: true,
  };
}

async function signedIn(clients: Clients) {
  const person = newPerson();
  const { user } = await clients["user-svc"].createUser(person);
  const { tokens } = await clients["user-svc"].createSession(person);
  const refreshToken = tokens?.refreshToken ?? "";
  const claims = tokens?.accessToken.split(".")[1] ?? "";
  const { sid } = JSON.parse(Buffer.from(claims, "base64url").toString());
  return { userId: user?.id ?? "", sessionId: String(sid), refreshToken };
}

/** Prepares the RPC of this name. */
export async function refreshSession(clients: Clients): Promise<Prepared> {
  const { refreshToken } = await signedIn(clients);
  const request = { requestId: randomUUID(), refreshToken };
  let next = "";
  return {
    send: async (to) => {
      next = (await to["user-svc"].refreshSession(request)).tokens?.refreshToken ?? "";
      return next;
    },
    // The session lives: its newest token is good.
    effect: async () => await canRefresh(clients, next),
    once: true,
  };
}

/** Prepares the RPC of this name. */
export async function deleteSession(clients: Clients): Promise<Prepared> {
  const { refreshToken, ...session } = await signedIn(clients);
  return {
    send: async (to) => await to["user-svc"].deleteSession(session),
    effect: async () => await canRefresh(clients, refreshToken),
    once: false,
  };
}

function canRefresh(clients: Clients, refreshToken: string): Promise<boolean> {
  const refreshing = clients["user-svc"].refreshSession({ requestId: randomUUID(), refreshToken });
  return refreshing.then(
    () => true,
    () => false,
  );
}
