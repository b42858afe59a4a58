import { randomUUID } from "node:crypto";
import { Lifecycle } from "@tessera/service-kit/lifecycle";
import { useOwnRedis } from "@tessera/testkit/processes";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import type { Redis } from "ioredis";
import { leaseOf, openReplica, type Replica } from "./redis-replica.ts";

describe("Redis, three nodes that vote", () => {
  const nodes = [useOwnRedis(), useOwnRedis(), useOwnRedis()];
  const lifecycle = new Lifecycle();
  let one: Replica;
  let other: Replica;

  before(async () => {
    const urls = nodes.map(({ server }) => server.url);
    [one, other] = await Promise.all([openReplica(urls, lifecycle), openReplica(urls, lifecycle)]);
  });
  after(() => lifecycle.close());

  it("lock with two of them, and not with one", async () => {
    const [, second, third] = nodes;
    const eventId = randomUUID();
    await third?.server.stop();
    const lease = leaseOf(await one.lock.acquire(eventId, 0));
    expect(await other.lock.acquire(eventId, 0)).to.equal("busy");
    await lease.release();
    await second?.server.stop();
    expect(await one.lock.acquire(eventId, 0)).to.equal("down");
    await second?.server.start();
    await locksAgain();
    await third?.server.start();
    await until("all are connected", isEachConnected);
  });

  it("are away, not busy, when one is locked and the others are dead", async () => {
    const [, second, third] = nodes;
    const eventId = randomUUID();
    await one.redis.main.set(`lock:{${eventId}}`, "somebody else's");
    await Promise.all([second?.server.stop(), third?.server.stop()]);
    expect(await one.lock.acquire(eventId, 0)).to.equal("down");
    expect(one.redis.breaker.isOpen).to.equal(true);
    await Promise.all([second?.server.start(), third?.server.start()]);
    await locksAgain();
    await until("all are connected", isEachConnected);
  });

  it("are done without for as long as the one that counts tokens is away", async () => {
    const [first] = nodes;
    await first?.server.stop();
    one.turns.length = 0;
    expect(await one.lock.acquire(randomUUID(), 0)).to.equal("down");
    const looks = looksAt(one.redis.main);
    // It votes as well: each look asks it twice.
    await until("it was looked for again", () => looks.count > 2);
    expect(one.turns).to.deep.equal([true]);
    await first?.server.start();
    await locksAgain();
  });

  const isEachConnected = () =>
    [one, other].every(({ redis }) => redis.nodes.every(({ status }) => status === "ready"));

  async function locksAgain(): Promise<void> {
    await until("the breaker closes", () => !one.redis.breaker.isOpen);
    await until("a majority locks again", async () => {
      const answer = await one.lock.acquire(randomUUID(), 0);
      if (typeof answer === "string") {
        return false;
      }
      await answer.release();
      return true;
    });
  }
});

/** Counts how often a node that is away was asked whether it is back. */
function looksAt(node: Redis): { count: number } {
  const looks = { count: 0 };
  const ping = node.ping.bind(node);
  node.ping = () =>
    ping().finally(() => {
      looks.count += 1;
    });
  return looks;
}
