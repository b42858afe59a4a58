import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { listReservations } from "../src/app/read-reservations.ts";
import { MysqlReservationStore } from "../src/mysql/mysql-reservation-store.ts";
import { type Replica, reasonOf, useReservations } from "./use-reservations.ts";

describe("a user's reservations", () => {
  const system = useReservations();
  const { ledger, newReplica } = system;
  let replica: Replica;
  before(() => {
    replica = newReplica();
  });

  describe("listReservations", () => {
    it("pages through the owner's, newest first, each once, while more are made", async () => {
      const event = ledger.addEvent({ maxPerUser: 100 });
      const userId = randomUUID();
      // Made in the same millisecond, most of them.
      const made = await Promise.all(
        Array.from({ length: 45 }, () => replica.hold(event, { userId })),
      );
      await replica.hold(event);
      const list = (pageToken: string) =>
        listReservations(replica, { userId, pageSize: 20, pageToken });
      const first = await list("");
      const later = await replica.hold(event, { userId });
      const second = await list(first.nextPageToken);
      const third = await list(second.nextPageToken);
      const pages = [first, second, third].map(({ reservations }) => reservations);
      expect(pages.map(({ length }) => length)).to.deep.equal([20, 20, 5]);
      expect(third.nextPageToken).to.equal("");
      const ids = new Set(pages.flat().map(({ id }) => id));
      expect(ids).to.deep.equal(new Set(made.map(({ id }) => id)));
      const times = pages.flat().map(({ createTime }) => createTime.getTime());
      expect(times).to.deep.equal(times.toSorted((a, b) => b - a));
      expect((await list("")).reservations[0]).to.deep.equal(later);
      // What is left of a hold is counted from there.
      expect(third.now?.getTime()).to.be.at.least(later.createTime.getTime());
    });

    it("takes few connections at once, however many want a list", async () => {
      const store = new CountingStore(system.schema.pool);
      const crowded = newReplica({ store });
      const query = { userId: randomUUID(), pageSize: 20, pageToken: "" };
      const lists = Array.from({ length: 20 }, () => listReservations(crowded, query));
      expect(await Promise.all(lists)).to.have.length(20);
      expect(store.most).to.equal(2);
    });

    it("takes no token of another user's list, nor a negative size", async () => {
      const event = ledger.addEvent({ maxPerUser: 100 });
      const userId = randomUUID();
      await Promise.all([1, 2].map(() => replica.hold(event, { userId })));
      const list = (query: { userId: string; pageSize: number; pageToken: string }) =>
        listReservations(replica, query);
      const { nextPageToken } = await list({ userId, pageSize: 1, pageToken: "" });
      const foreign = { userId: randomUUID(), pageSize: 1, pageToken: nextPageToken };
      expect(await reasonOf(list(foreign))).to.equal("INVALID_PAGE_TOKEN");
      const negative = { userId, pageSize: -1, pageToken: "" };
      expect(await reasonOf(list(negative))).to.equal("INVALID_FIELD");
      const empty = await list({ userId: randomUUID(), pageSize: 0, pageToken: "" });
      expect(empty).to.deep.equal({ reservations: [], nextPageToken: "", now: undefined });
    });
  });
});

/** A store that counts how many lists it makes at once. */
class CountingStore extends MysqlReservationStore {
  most = 0;
  #running = 0;

  override async list(...asked: Parameters<MysqlReservationStore["list"]>) {
    this.#running += 1;
    this.most = Math.max(this.most, this.#running);
    try {
      return await super.list(...asked);
    } finally {
      this.#running -= 1;
    }
  }
}
