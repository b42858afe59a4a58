import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { Lifecycle } from "@tessera/service-kit/lifecycle";
import { useOwnRedis } from "@tessera/testkit/processes";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { LOCK_TTL_MS, leaseOf, openReplica, type Replica } from "./redis-replica.ts";

describe("Redis, one node", () => {
  const own = useOwnRedis();
  const lifecycle = new Lifecycle();
  let one: Replica;
  let other: Replica;

  before(async () => {
    const urls = [own.server.url];
    [one, other] = await Promise.all([openReplica(urls, lifecycle), openReplica(urls, lifecycle)]);
  });
  after(() => lifecycle.close());

  describe("RedlockEventLock", () => {
    it("excludes others until it is released, event by event", async () => {
      const eventId = randomUUID();
      const lease = leaseOf(await one.lock.acquire(eventId, 0));
      expect(await other.lock.acquire(eventId, 0)).to.equal("busy");
      await leaseOf(await other.lock.acquire(randomUUID(), 0)).release();
      await lease.release();
      const next = leaseOf(await other.lock.acquire(eventId, 0));
      expect(next.token).to.be.greaterThan(lease.token);
      expect(await one.lock.acquire(eventId, 0)).to.equal("busy");
      await next.release();
    });

    it("gives tokens that grow, even when Redis forgot all of them, and above a floor", async () => {
      const eventId = randomUUID();
      const tokens: number[] = [];
      const take = async (floor: number) => {
        const lease = leaseOf(await one.lock.acquire(eventId, floor));
        tokens.push(lease.token);
        await lease.release();
      };
      await take(0);
      await take(0);
      await one.redis.main.flushall();
      await take(0);
      const floor = (tokens.at(-1) ?? 0) + 1e9;
      await take(floor);
      expect(tokens.at(-1)).to.equal(floor + 1);
      await take(0);
      expect(tokens).to.deep.equal(tokens.toSorted((a, b) => a - b));
      expect(new Set(tokens)).to.have.property("size", tokens.length);
      expect(tokens.every(Number.isSafeInteger)).to.equal(true);
    });

    it("is kept for longer than its time while there is work", async () => {
      const eventId = randomUUID();
      const lease = leaseOf(await one.lock.acquire(eventId, 0));
      const startTime = Date.now();
      while (Date.now() - startTime < 2 * LOCK_TTL_MS) {
        expect(await lease.keep()).to.equal(true);
        await setTimeout(50);
      }
      expect(await other.lock.acquire(eventId, 0)).to.equal("busy");
      await lease.release();
    });

    it("says so when it was lost", async () => {
      const eventId = randomUUID();
      const lease = leaseOf(await one.lock.acquire(eventId, 0));
      await one.redis.main.set(`lock:{${eventId}}`, "somebody else's");
      await until("the loss is seen", async () => !(await lease.keep()));
      await lease.release();
      expect(await one.redis.main.get(`lock:{${eventId}}`)).to.equal("somebody else's");
    });
  });

  describe("AvailabilityNews", () => {
    it("tells the other replicas of a sell-out, and of the units that came back", async () => {
      const { levels, isGone } = newType();
      const gone = (replica: Replica) => isGone(replica, 1);
      one.news.tellSale(levels(1, 0));
      expect(gone(one)).to.equal(true);
      await until("the other knows of the sell-out", () => gone(other));
      one.news.tellReturn(levels(2, 1));
      await until("the other knows of the units", () => !gone(other));
      // Units may come back through another replica than the one that sold the last.
      one.news.tellSale(levels(3, 0));
      await until("the other knows of the next sell-out", () => gone(other));
      other.news.tellReturn(levels(4, 1));
      await until("this one knows of the units", () => !gone(one));
    });

    it("tells of units that came back where some were left, and where a later sale came first", async () => {
      const { levels, isGone } = newType();
      other.cache.learn(levels(1, 1));
      expect(isGone(other, 2)).to.equal(true);
      // That this one has nothing to remember makes no difference: it may have been restarted.
      one.news.tellReturn(levels(2, 2));
      await until("the other knows of both", () => !isGone(other, 2));
      other.cache.learn(levels(3, 0));
      one.news.tellSale(levels(5, 1));
      one.news.tellReturn(levels(4, 2));
      await until("the other knows that some are back", () => !isGone(other, 1));
    });

    it("ignores what is no news", async () => {
      const { eventId, levels } = soldOutLevels();
      await one.redis.main.publish("tessera:availability", "{");
      await one.redis.main.publish("tessera:availability", '{"eventId":7}');
      one.news.tellSale(levels);
      await until("news arrive", () => other.cache.soldOut(eventId, wanted(levels)) !== undefined);
    });

    it("forgets all while no news can arrive, and listens again when it can", async () => {
      const { eventId, levels } = soldOutLevels();
      one.news.tellSale(levels);
      expect(one.cache.soldOut(eventId, wanted(levels))).not.to.equal(undefined);
      one.redis.subscriber.disconnect(true);
      await until(
        "all is forgotten",
        () => one.cache.soldOut(eventId, wanted(levels)) === undefined,
      );
      const later = soldOutLevels();
      await until("it listens again", () => {
        // Told again and again, for nobody knows when it listens.
        one.news.tellSale(later.levels);
        return one.cache.soldOut(later.eventId, wanted(later.levels)) !== undefined;
      });
    });
  });

  it("is listened to as soon as it lets us, when it did not at first", async () => {
    const { main, subscriber } = one.redis;
    await main.call("ACL", "LOG", "RESET");
    await main.call("ACL", "SETUSER", "default", "resetchannels");
    try {
      subscriber.disconnect(true);
      await until(
        "it is refused",
        async () => ((await main.call("ACL", "LOG")) as unknown[]).length > 0,
      );
    } finally {
      await main.call("ACL", "SETUSER", "default", "allchannels");
    }
    const { eventId, levels } = soldOutLevels();
    await until("it listens", () => {
      one.news.tellSale(levels);
      return one.cache.soldOut(eventId, wanted(levels)) !== undefined;
    });
  });

  it("is done without while it is away, and used again when it is back", async () => {
    const eventId = randomUUID();
    await own.server.stop();
    expect(await one.lock.acquire(eventId, 0)).to.equal("down");
    expect(one.redis.breaker.isOpen).to.equal(true);
    expect(await one.lock.acquire(eventId, 0)).to.equal("down");
    await own.server.start();
    await until("the breaker closes", () => !one.redis.breaker.isOpen);
    expect(one.turns).to.deep.equal([true, false]);
    await leaseOf(await one.lock.acquire(eventId, 0)).release();
  });

  it("is looked for anew where it only reads, as an old primary does after a failover", async () => {
    const { main, breaker } = one.redis;
    const old = await main.client("ID");
    await other.redis.main.replicaof("127.0.0.1", "1");
    expect(await one.lock.acquire(randomUUID(), 0)).to.equal("down");
    await until(
      "it is connected anew",
      async () => (await main.client("ID").catch(() => old)) !== old,
    );
    await other.redis.main.replicaof("NO", "ONE");
    await until("both breakers close", () => !breaker.isOpen && !other.redis.breaker.isOpen);
    await leaseOf(await one.lock.acquire(randomUUID(), 0)).release();
  });

  it("is done without while it hangs", async () => {
    const lease = leaseOf(await other.lock.acquire(randomUUID(), 0));
    await own.server.pause();
    // Whoever has a lock goes on with it: nobody who could have it can ask.
    expect(await lease.isWanted()).to.equal(false);
    expect(other.redis.breaker.isOpen).to.equal(true);
    expect(await other.lock.acquire(randomUUID(), 0)).to.equal("down");
    own.server.signal("SIGCONT");
    await until("the breaker closes", () => !other.redis.breaker.isOpen);
    await leaseOf(await other.lock.acquire(randomUUID(), 0)).release();
  });
});

/** A new ticket type: how much is left of it, and whether a replica would refuse so many. */
function newType() {
  const [eventId, ticketTypeId] = [randomUUID(), randomUUID()];
  return {
    levels: (version: number, left: number) => ({
      eventId,
      version,
      available: new Map([[ticketTypeId, left]]),
    }),
    isGone: ({ cache }: Replica, quantity: number) =>
      cache.soldOut(eventId, [{ ticketTypeId, quantity }]) !== undefined,
  };
}

function soldOutLevels() {
  const eventId = randomUUID();
  const levels = { eventId, version: 1, available: new Map([[randomUUID(), 0]]) };
  return { eventId, levels };
}

function wanted({ available }: { available: ReadonlyMap<string, number> }) {
  return [...available.keys()].map((ticketTypeId) => ({ ticketTypeId, quantity: 1 }));
}
