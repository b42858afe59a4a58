import { Lifecycle } from "@tessera/service-kit/lifecycle";
import { migrate, openMysql } from "@tessera/service-kit/mysql";
import { useOwnMysql } from "@tessera/testkit/processes";
import { mysqlTypeOf } from "@tessera/testkit/stores/mysql-server";
import { expect } from "chai";
import { createConnection } from "mysql2/promise";
import { SCHEMA } from "../src/mysql/schema.ts";
import { createEvent, failureOf, serveInventory, stockOf, words } from "./use-inventory.ts";

describe("an outage of the database", () => {
  const own = useOwnMysql();
  const lifecycle = new Lifecycle();
  after(() => lifecycle.close());

  it("is told to callers at once, loses nothing, and is over when it is over", async function () {
    this.timeout(60_000);
    const { server } = own;
    const admin = await createConnection(server.url);
    await admin.query("CREATE DATABASE inventory");
    await admin.end();
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
    const calls = () => [
      client.batchAllocate({ eventId, entries: [wish([0, 1])] }),
      client.batchCommit({ entries }),
      client.batchRelease({ entries }),
      client.extendAllocation({ allocationId: entry.allocationId, expireTime: { seconds: 1n } }),
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
