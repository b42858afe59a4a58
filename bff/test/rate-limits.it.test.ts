import { once } from "node:events";
import { Code, ConnectError } from "@connectrpc/connect";
import { redisUrl } from "@tessera/testkit/redis";
import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import type { Redis } from "ioredis";
import { Counter } from "prom-client";
import { WindowLimit } from "../src/http/window-limit.ts";
import { connectRedis } from "../src/redis.ts";
import { proxyToRedis, type RedisProxy } from "./redis-proxy.ts";
import { type TestApp, useApp } from "./use-app.ts";

const password = "correct horse battery";
let addresses = 0;

/** An address that no other test, and no other run, came from. */
function newAddress(): string {
  addresses += 1;
  const groups = crypto.randomUUID().replaceAll("-", "").slice(0, 12).match(/.{4}/g) ?? [];
  return `2001:${groups.join(":")}:${addresses}::1`;
}

function signIn(api: TestApp, asked: { email?: string; password?: string; address?: string } = {}) {
  const { email = `${crypto.randomUUID()}@x.test`, address = newAddress() } = asked;
  return api.ask("POST", "/v1/sessions", {
    body: { email, password: asked.password ?? "wrong" },
    headers: { "x-forwarded-for": address },
  });
}

function describeSignInLimits(name: string, redis: () => Redis): void {
  describe(`rate limits ${name}`, () => {
    const api = useApp({
      signInPerSecond: 3,
      refreshPerSecond: 3,
      signUpPerSecond: 3,
      failedSignInsPerMinute: 4,
      redis,
    });

    it("says how many requests are left", async () => {
      const { headers } = await signIn(api);
      expect(headers.get("ratelimit-policy")).to.include('"sign-in";q=3;w=1');
      expect(headers.get("ratelimit")).to.include('"sign-in";r=2;t=1');
    });

    it("limits how often one address signs in, and up", async () => {
      const address = newAddress();
      const answers = await Promise.all(Array.from({ length: 20 }, () => signIn(api, { address })));
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused.length).to.be.greaterThan(0);
      expect(refused[0]?.body).to.include({ code: "RATE_LIMITED", retryable: true });
      expect(refused[0]?.headers.get("retry-after")).to.equal("1");
      expect(refused[0]?.headers.get("ratelimit")).to.include('"sign-in";r=0');
      const signUps = await Promise.all(
        Array.from({ length: 20 }, () =>
          api.ask("POST", "/v1/users", {
            body: { email: `${crypto.randomUUID()}@x.test`, password, name: "Ann" },
            headers: { "x-forwarded-for": address },
          }),
        ),
      );
      expect(signUps.some(({ status }) => status === 429)).to.equal(true);
      expect(await api.registry.metrics()).to.match(/rate_limited_total\{limit="sign-up"\} \d/);
    });

    it("limits how often one address refreshes, before anybody is asked", async () => {
      const calls = () => api.services.callsOf("refreshSession").length;
      const before = calls();
      const headers = { "x-forwarded-for": newAddress() };
      const body = { refreshToken: "never issued" };
      const refresh = () => api.ask("POST", "/v1/sessions/refresh", { body, headers });
      const answers = await Promise.all(Array.from({ length: 20 }, refresh));
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused.length).to.be.greaterThan(0);
      expect(refused[0]?.headers.get("ratelimit-policy")).to.equal('"refresh";q=3;w=1');
      expect(refused[0]?.headers.get("retry-after")).to.equal("1");
      expect(calls() - before).to.equal(20 - refused.length);
    });

    it("counts an IPv6 network as one address", async () => {
      const network = newAddress().replace("::1", "");
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_none, host) =>
          signIn(api, { address: `${network}:${host + 1}:0:1` }),
        ),
      );
      expect(answers.some(({ status }) => status === 429)).to.equal(true);
    });

    it("limits failed sign-ins of one account, wherever they come from", async () => {
      const email = `${crypto.randomUUID()}@X.test`;
      await api.ask("POST", "/v1/users", {
        body: { email, password, name: "Ann" },
        headers: { "x-forwarded-for": newAddress() },
      });
      // What succeeds does not count.
      for (let count = 0; count < 6; count += 1) {
        const { status, headers } = await signIn(api, { email, password });
        expect(status).to.equal(201);
        expect(headers.get("ratelimit")).to.include('"failed-sign-in";r=4;');
      }
      const guesses = await Promise.all(Array.from({ length: 10 }, () => signIn(api, { email })));
      const statuses = guesses.map(({ status }) => status);
      expect(statuses.filter((status) => status === 401)).to.have.length(4);
      expect(statuses.filter((status) => status === 429)).to.have.length(6);
      const { status, headers } = await signIn(api, { email: email.toLowerCase(), password });
      expect(status).to.equal(429);
      expect(Number(headers.get("retry-after"))).to.be.within(1, 60);
      expect((await signIn(api)).status).to.equal(401);
    });

    it("does not count what user-svc ends because it stops", async () => {
      const email = `${crypto.randomUUID()}@x.test`;
      api.services.before.set("createSession", () => {
        throw new ConnectError("it stops", Code.Canceled);
      });
      for (let count = 0; count < 5; count += 1) {
        const { status, headers } = await signIn(api, { email });
        expect(status).to.equal(503);
        expect(headers.get("ratelimit")).to.include('"failed-sign-in";r=4;');
      }
      api.services.before.clear();
    });

    it("counts a sign-in whose client hangs up as a failed one, and cancels its call", async () => {
      const email = `${crypto.randomUUID()}@x.test`;
      const { before } = api.services;
      for (let count = 0; count < 4; count += 1) {
        const client = new AbortController();
        before.set("createSession", async (signal) => {
          const cancelled = once(signal, "abort");
          client.abort();
          await cancelled;
          before.delete("createSession");
        });
        const { signal } = client;
        const body = JSON.stringify({ email, password: "wrong" });
        const headers = {
          "content-type": "application/json",
          "x-forwarded-for": newAddress(),
        };
        const call = fetch(`${api.url}/v1/sessions`, { method: "POST", body, headers, signal });
        expect(await call.catch((reason: Error) => reason.name)).to.equal("AbortError");
        await untilTrue(() => !before.has("createSession"));
      }
      expect((await signIn(api, { email })).status).to.equal(429);
    });
  });
}

describe("limits that replicas share", () => {
  const open: Redis[] = [];
  let proxy: RedisProxy;
  before(async () => {
    proxy = await proxyToRedis();
  });
  after(() => {
    for (const redis of open) {
      redis.disconnect();
    }
    proxy.close();
  });
  const connected = (url: string) => {
    const redis = connectRedis(url);
    open.push(redis);
    return redis;
  };

  describeSignInLimits("with Redis", () => {
    const redis = connected(redisUrl());
    // On a busy machine it may take longer than a request waits, and then each process counts for itself.
    redis.options.commandTimeout = 10_000;
    return redis;
  });
  describeSignInLimits("with no Redis", () => connected("redis://127.0.0.1:1"));

  describe("a Redis that stops answering", () => {
    let redis: Redis;
    const api = useApp({
      redis: () => {
        redis = connected(proxy.url);
        return redis;
      },
    });

    it("fails no request", async () => {
      await untilTrue(() => redis.status === "ready");
      expect((await signIn(api)).status).to.equal(401);
      proxy.pause();
      const { status, headers } = await signIn(api);
      expect(status).to.equal(401);
      expect(headers.get("ratelimit")).to.include('"sign-in"');
    });
  });

  it("last for a window, however far Redis's clock steps back", async () => {
    const refusals = new Counter({ name: "x", help: "x", labelNames: ["limit"], registers: [] });
    const name = `test-${crypto.randomUUID()}`;
    const redis = connected(redisUrl());
    await untilTrue(() => redis.status === "ready");
    const limit = new WindowLimit({ name, quota: 2, windowSeconds: 60, refusals, redis });
    const exchange = { headers: [] as string[] };
    const key = `tessera:limit:${name}:k`;
    for (const place of [7, 15]) {
      await limit.take("k", exchange);
      await limit.take("k", exchange);
      // What a clock that is an hour behind makes of the time at which the key ends.
      await redis.pexpire(key, 3_660_000);
      expect(exchange.headers[place]).to.include(`"${name}";r=0`);
    }
    await limit.take("k", exchange);
    expect(exchange.headers.at(-1)).to.match(/;r=1;t=60$/);
    await redis.del(key);
  });

  it("are shared", async () => {
    const refusals = new Counter({ name: "x", help: "x", labelNames: ["limit"], registers: [] });
    const name = `test-${crypto.randomUUID()}`;
    const settings = { name, quota: 2, windowSeconds: 60, refusals };
    const [one, other] = [redisUrl(), redisUrl()].map((url) => connected(url));
    await untilTrue(() => one?.status === "ready" && other?.status === "ready");
    const limits = [one, other].map(
      (redis) => new WindowLimit({ ...settings, ...(redis && { redis }) }),
    );
    const exchange = { headers: [] };
    for (const limit of limits) {
      await limit.take("k", exchange);
    }
    const refused: unknown = await limits[0]
      ?.take("k", exchange)
      .catch((reason: unknown) => reason);
    expect(refused).to.include({ reason: "RATE_LIMITED" });
    await one?.del(`tessera:limit:${name}:k`);
  });
});

for (const [trustProxyHops, whose] of [
  [0, "the connection's, whatever it says of others"],
  [1, "what our proxy wrote, whatever stands before it"],
] as const) {
  describe(`an address behind ${trustProxyHops} proxies`, () => {
    const api = useApp({ signInPerSecond: 3, trustProxyHops });

    it(`is ${whose}`, async () => {
      const own = newAddress();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => {
          const address = trustProxyHops === 0 ? newAddress() : `${newAddress()}, ${own}`;
          return signIn(api, { address });
        }),
      );
      expect(answers.filter(({ status }) => status === 429).length).to.be.greaterThan(0);
    });
  });
}
