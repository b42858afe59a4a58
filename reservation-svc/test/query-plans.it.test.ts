import { Finder } from "@tessera/service-kit/finder";
import { Lane } from "@tessera/service-kit/lane";
import { uuidFromBytes } from "@tessera/service-kit/uuid";
import { useMysql } from "@tessera/testkit/mysql";
import { faultsOf, planFaults, statementsOf } from "@tessera/testkit/query-plans";
import { expect } from "chai";
import type { RowDataPacket } from "mysql2/promise";
import { fillSchema } from "../../test/fill-schema.ts";
import { getReservation, listReservations } from "../src/app/read-reservations.ts";
import { requestKeyOf } from "../src/app/request-key.ts";
import { MysqlOutbox } from "../src/mysql/mysql-outbox.ts";
import { MysqlPrune } from "../src/mysql/mysql-prune.ts";
import { MysqlReservationStore } from "../src/mysql/mysql-reservation-store.ts";
import { STATE_CODES } from "../src/mysql/reservation-row.ts";
import { SCHEMA } from "../src/mysql/schema.ts";
import { useReservations } from "./use-reservations.ts";

// What a read costs must not depend on how much there is.
describe("the query plans of reservation-svc", () => {
  const schema = useMysql(SCHEMA);
  let store: MysqlReservationStore;
  const lists = new Lane({ name: "lists", maxInFlight: 1, maxQueue: 1 });
  /** Who has most reservations, and somebody's reservations. */
  let greatest: string;
  let some: { id: string; userId: string }[];

  before(async () => {
    await fillSchema("reservation", schema.url);
    store = new MysqlReservationStore(schema.pool);
    const [users] = await schema.pool.query<RowDataPacket[]>(
      "SELECT user_id FROM reservation GROUP BY user_id ORDER BY COUNT(*) DESC LIMIT 1",
    );
    greatest = uuidFromBytes(users[0]?.user_id);
    const [rows] = await schema.pool.query<RowDataPacket[]>(
      "SELECT id, user_id FROM reservation WHERE seq % 500 = 0 LIMIT 40",
    );
    some = rows.map(({ id, user_id }) => ({
      id: uuidFromBytes(id),
      userId: uuidFromBytes(user_id),
    }));
  });

  it("list the reservations of whoever has most, page after page", async () => {
    let pageToken = "";
    let pages = 0;
    do {
      const list = async () => {
        const page = await listReservations(
          { store, lists },
          { userId: greatest, pageSize: 20, pageToken },
        );
        pageToken = page.nextPageToken;
      };
      expect(await faultsOf(schema, 1, list)).to.deep.equal([]);
      pages += 1;
    } while (pageToken !== "");
    expect(pages).to.be.greaterThan(5);
  });

  it("list nothing for somebody who has none", async () => {
    const userId = "00000000-0000-4000-8000-000000000000";
    const list = () => listReservations({ store, lists }, { userId, pageSize: 20, pageToken: "" });
    expect(await faultsOf(schema, 1, list)).to.deep.equal([]);
  });

  it("look reservations up by id, one or many", async () => {
    for (const asked of [some.slice(0, 1), some]) {
      const bounds = { maxBatch: 500, maxInFlight: 1, maxQueue: 500 };
      const finder = new Finder({ ...bounds, name: "reads", find: (ids) => store.find(ids) });
      const get = ({ id, userId }: { id: string; userId: string }) =>
        getReservation(finder, { reservationId: id, userId });
      const found = () => Promise.all(asked.map(get));
      expect(await faultsOf(schema, 1, found)).to.deep.equal([]);
    }
  });

  it("find what is due, what is next to be published, and what is old", async () => {
    expect(await faultsOf(schema, 1, () => store.takeDue(500))).to.deep.equal([]);
    const advance = () => new MysqlOutbox(schema.pool).advance(100, () => Promise.resolve());
    expect(await faultsOf(schema, 2, advance)).to.deep.equal([]);
    expect(
      await faultsOf(schema, 1, () => new MysqlPrune(schema.pool).prune(7, 500)),
    ).to.deep.equal([]);
  });

  it("cancel a reservation by its id", async () => {
    const [rows] = await schema.pool.query<RowDataPacket[]>(
      `SELECT id, user_id FROM reservation WHERE state = ${STATE_CODES.held} LIMIT 1`,
    );
    const [reservationId, userId] = [uuidFromBytes(rows[0]?.id), uuidFromBytes(rows[0]?.user_id)];
    const key = requestKeyOf("CancelReservation", { requestId: "plan", userId, reservationId });
    const cancel = () => store.cancel({ key, userId, confirmedWithinSeconds: 0 });
    expect(await faultsOf(schema, 3, cancel)).to.deep.equal([]);
  });

  it("note what was released by an index", async () => {
    const ended = some.map(({ id }) => ({ id, state: "expired" as const }));
    expect(await faultsOf(schema, 1, () => store.markReleased(ended))).to.deep.equal([]);
  });
});

describe("a few reservations", () => {
  const system = useReservations();

  it("are locked as far as they are taken, also when all there are are due", async () => {
    const { ledger, newReplica, schema } = system;
    const { hold, store } = newReplica();
    const [taking = ""] = await statementsOf(schema, () => store.takeDue(500));
    const event = ledger.addEvent({ holdMs: -1 });
    await Promise.all(Array.from({ length: 60 }, () => hold(event)));
    expect(await planFaults(schema.pool, taking)).to.deep.equal([]);
  });
});
