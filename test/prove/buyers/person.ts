import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { ORGANISER } from "@tessera/testkit/services";
import { eachOf } from "../../storm.ts";
import { type Answer, type Ask, NoAnswer, RestClient } from "./rest-client.ts";

/** How somebody signs in. */
interface Credentials {
  email: string;
  password: string;
}

/** Tokens are renewed when this share of their time is over: not all people's at once. */
const RENEW_SHARE = { from: 0.5, to: 0.9 };
/** How long somebody who could not renew waits before trying again, in milliseconds. */
const RENEW_PAUSE_MS = 1_000;
/** How long signing up and in may take, an impaired system included, in milliseconds. */
const PATIENCE_MS = 30_000;
const EACH_MS = 100;
/** How many sign up at once. */
const AT_ONCE = 16;

/** Somebody with an account, who stays signed in. */
export class Person {
  readonly userId: string;
  readonly #credentials: Credentials;
  #accessToken = "";
  #refreshToken = "";
  /** As performance.now() counts. */
  #renewTime = 0;
  #renewal: Promise<void> | undefined;

  constructor(userId: string, credentials: Credentials) {
    this.userId = userId;
    this.#credentials = credentials;
  }

  /** The access token, renewed before it ends; an old one while it cannot be renewed. */
  async accessToken(client: RestClient): Promise<string> {
    if (performance.now() >= this.#renewTime) {
      this.#renewal ??= this.#renew(client).finally(() => {
        this.#renewal = undefined;
      });
      await this.#renewal;
    }
    return this.#accessToken;
  }

  /** The token was refused: the next request comes with another. */
  distrust(): void {
    this.#refreshToken = "";
    this.#renewTime = Math.min(this.#renewTime, performance.now() + RENEW_PAUSE_MS);
  }

  async #renew(client: RestClient): Promise<void> {
    const refreshToken = this.#refreshToken;
    // A token that was sent is never sent again: it would end the whole session.
    this.#refreshToken = "";
    const isRenewed =
      (refreshToken !== "" &&
        (await this.#take(client, "/v1/sessions/refresh", { refreshToken }))) ||
      (await this.#take(client, "/v1/sessions", this.#credentials));
    if (!isRenewed) {
      this.#renewTime = performance.now() + RENEW_PAUSE_MS;
    }
  }

  async #take(client: RestClient, path: string, body: object): Promise<boolean> {
    const answer = await attempt(client, { method: "POST", path, body });
    if (answer === undefined || answer.status >= 300) {
      return false;
    }
    const { accessToken, refreshToken, expiresIn } = Object(answer.body);
    this.#accessToken = accessToken;
    this.#refreshToken = refreshToken;
    const share = RENEW_SHARE.from + Math.random() * (RENEW_SHARE.to - RENEW_SHARE.from);
    this.#renewTime = performance.now() + expiresIn * 1000 * share;
    return true;
  }
}

/** So many new people with accounts, signed in. Throws when that is not possible in time. */
export async function signUpPeople(url: string, count: number): Promise<readonly Person[]> {
  const client = new RestClient(url, { sockets: AT_ONCE, timeoutMs: PATIENCE_MS });
  const giveUpTime = performance.now() + PATIENCE_MS + count * EACH_MS;
  try {
    return await eachOf(Array.from({ length: count }), AT_ONCE, () => signUp(client, giveUpTime));
  } finally {
    client.close();
  }
}

/** The one who creates events. Throws when that is not possible in time. */
export async function findOrganiser(client: RestClient): Promise<Person> {
  const giveUpTime = performance.now() + PATIENCE_MS;
  const { email, password } = ORGANISER;
  const signIn: Ask = { method: "POST", path: "/v1/sessions", body: { email, password } };
  const session = await insist(client, giveUpTime, signIn);
  const { accessToken } = Object(session.body);
  const me = await insist(client, giveUpTime, { method: "GET", path: "/v1/users/me", accessToken });
  return new Person(Object(me.body).id, { email, password });
}

async function signUp(client: RestClient, giveUpTime: number): Promise<Person> {
  const credentials = { email: `${randomUUID()}@example.com`, password: "a password for buyers" };
  const ask: Ask = {
    ...{ method: "POST", path: "/v1/users", key: randomUUID() },
    body: { ...credentials, name: "A buyer" },
  };
  const { body } = await insist(client, giveUpTime, ask);
  const person = new Person(Object(body).id, credentials);
  await person.accessToken(client);
  return person;
}

/** Asks until it is done. Throws past `giveUpTime`. */
export async function insist(client: RestClient, giveUpTime: number, ask: Ask): Promise<Answer> {
  for (;;) {
    const answer = await attempt(client, ask);
    if (answer !== undefined && answer.status < 300) {
      return answer;
    }
    if (performance.now() > giveUpTime) {
      const said = answer === undefined ? "no answer" : JSON.stringify(answer.body);
      throw new Error(`${ask.method} ${ask.path} was not possible: ${said}`);
    }
    await setTimeout(250);
  }
}

async function attempt(client: RestClient, ask: Ask): Promise<Answer | undefined> {
  try {
    return await client.send(ask);
  } catch (reason) {
    if (reason instanceof NoAnswer) {
      return undefined;
    }
    throw reason;
  }
}
