import { randomUUID } from "node:crypto";
import { Lifecycle } from "@tessera/service-kit/lifecycle";
import { migrate, openMysql } from "@tessera/service-kit/mysql";
import { administer } from "@tessera/testkit/administer";
import { failureOf } from "@tessera/testkit/call-failure";
import { useMysql } from "@tessera/testkit/mysql";
import { useOwnMysql } from "@tessera/testkit/processes";
import { mysqlTypeOf } from "@tessera/testkit/stores/mysql-server";
import { expect } from "chai";
import { Random } from "../../test/prove/random.ts";
import { TcpLink } from "../../test/prove/world/tcp-link.ts";
import { MysqlEventStore } from "../src/mysql/mysql-event-store.ts";
import { SCHEMA } from "../src/mysql/schema.ts";
import { createEvent, serveInventory, stockOf, words } from "./use-inventory.ts";

describe("an outage of the database", () => {
  const own = useOwnMysql();
  const lifecycle = new Lifecycle();
  after(() => lifecycle.close());

  it("is told to callers at once, loses nothing, and is over when it is over", async () => {
    const { server } = own;
    await administer(server.url, "CREATE DATABASE inventory");
    const url = new URL(server.url);
    url.pathname = "/inventory";
    const source = await openMysql({
      ...{ url: url.href, type: await mysqlTypeOf(url.href), poolSize: 4, maxWaiting: 16 },
      ...SCHEMA,
    });
    lifecycle.onClose("mysql", () => source.destroy());
    await migrate(source);
    const { client } = await serveInventory(source, lifecycle);
    const { eventId, wish } = await createEvent(client, [5]);
    const entry = wish([0, 2]);
    await client.batchAllocate({ eventId, entries: [entry] });
    const entries = [{ allocationId: entry.allocationId, eventId }];
    // Of another event: what was asked meanwhile may have been done.
    const other = await createEvent(client, [5]);
    const { allocationId } = other.wish([0, 1]);
    const others = [{ allocationId, eventId: other.eventId }];
    const calls = () => [
      client.batchAllocate({ eventId: other.eventId, entries: [other.wish([0, 1])] }),
      client.batchCommit({ entries: others }),
      client.batchRelease({ entries: others }),
      client.extendAllocation({ allocationId, expireTime: { seconds: 1n } }),
      client.getAvailability({ eventId }),
      client.listEvents({}),
    ];

    await server.pause();
    for (const failure of await Promise.all(calls().map(failureOf))) {
      expect(failure).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
    }
    // Whoever comes later is told so as well.
    for (const failure of await Promise.all(calls().map(failureOf))) {
      expect(failure).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
    }
    server.signal("SIGCONT");
    let isBack = false;
    while (!isBack) {
      isBack = await client.getAvailability({ eventId }).then(
        () => true,
        () => false,
      );
    }
    expect(await stockOf(client, eventId)).to.deep.equal([[3, 2, 0]]);

    await server.stop();
    for (const failure of await Promise.all(calls().map(failureOf))) {
      expect(failure).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
    }
    await server.start();
    expect(await stockOf(client, eventId)).to.deep.equal([[3, 2, 0]]);
    expect(words((await client.batchCommit({ entries })).results)).to.deep.equal(["committed"]);
    expect(await stockOf(client, eventId)).to.deep.equal([[3, 0, 2]]);
  });
});

describe("a database's host that vanishes", () => {
  const schema = useMysql(SCHEMA);
  const lifecycle = new Lifecycle();
  after(() => lifecycle.close());

  // Its name leads to another one then; nothing ends the connections to the first.
  it("costs a read one time-out, and no connection for good", async () => {
    const targets = () => [Number(new URL(schema.url).port)];
    const link = await TcpLink.open({ targets, random: new Random(1) });
    lifecycle.onClose("link", () => link.close());
    const url = new URL(schema.url);
    url.host = link.address;
    const source = await openMysql({
      ...{ url: url.href, type: await mysqlTypeOf(url.href), poolSize: 4, maxWaiting: 16 },
      ...SCHEMA,
    });
    lifecycle.onClose("mysql", () => source.destroy());
    const events = new MysqlEventStore(source);
    const page = { sort: "name", namePrefix: "", limit: 1, after: undefined } as const;
    const reads = () => [
      events.get(randomUUID()),
      events.stockOf(randomUUID()),
      events.list(page),
      events.list({ ...page, sort: "startTime" }),
    ];
    await Promise.all(reads());
    link.impair({ kind: "strand" });
    for (const answer of await Promise.allSettled(reads())) {
      expect(answer).to.nested.include({ "reason.reason": "DEPENDENCY_UNAVAILABLE" });
    }
    await Promise.all(reads());
  });
});
