import { Lane } from "@tessera/service-kit/lane";
import { openMysql, poolOf } from "@tessera/service-kit/mysql";
import type { PerSchema } from "@tessera/testkit/schemas";
import { mysqlTypeOf } from "@tessera/testkit/stores/mysql-server";
import { expect } from "chai";
import type { DataSource } from "typeorm";
import { listEvents } from "../inventory-svc/src/app/list-events.ts";
import { MysqlEventStore } from "../inventory-svc/src/mysql/mysql-event-store.ts";
import { SCHEMA as INVENTORY } from "../inventory-svc/src/mysql/schema.ts";
import { listReservations } from "../reservation-svc/src/app/read-reservations.ts";
import { MysqlReservationStore } from "../reservation-svc/src/mysql/mysql-reservation-store.ts";
import { SCHEMA as RESERVATION } from "../reservation-svc/src/mysql/schema.ts";
import { eventPageTokens, randomEvents, randomReservations } from "../tools/dataset/read-keys.ts";
import { useDatasets } from "./use-dataset.ts";

describe("keys for reads anywhere", () => {
  const { emptySchemas, load } = useDatasets();
  let urls: PerSchema;
  let inventory: DataSource;
  let reservation: DataSource;
  before(async () => {
    urls = await emptySchemas();
    await load(urls);
    const pool = { type: await mysqlTypeOf(urls.inventory), poolSize: 2, maxWaiting: 10 };
    inventory = await openMysql({ ...INVENTORY, url: urls.inventory, ...pool });
    reservation = await openMysql({ ...RESERVATION, url: urls.reservation, ...pool });
  });
  after(async () => {
    await inventory?.destroy();
    await reservation?.destroy();
  });

  for (const sort of ["startTime", "name", "createTimeDesc"] as const) {
    it(`begin pages by ${sort} where walking would have come to`, async () => {
      const store = new MysqlEventStore(inventory);
      let pageToken = "";
      const walked: string[] = [];
      do {
        const page = await listEvents(store, { sort, namePrefix: "", limit: 50, pageToken });
        pageToken = page.nextPageToken;
        walked.push(pageToken);
      } while (pageToken !== "");
      expect(walked).to.have.length(20);
      for (const [index, token] of walked.slice(0, -1).entries()) {
        const depth = (index + 1) * 50 - 1;
        const tokens = await eventPageTokens(urls.inventory, { sort, depth, count: 3 });
        expect(tokens[0]).to.equal(token);
        expect(new Set(tokens).size).to.equal(3);
      }
    });
  }

  it("are of events and reservations from all over the tables, with their owners", async () => {
    let n = 0;
    const chance = () => {
      n += 1;
      return (n * 0.618_033_988_7) % 1;
    };
    const ids = await randomEvents(urls.inventory, 700, chance);
    expect(new Set(ids).size).to.be.greaterThan(400);
    expect(await new MysqlEventStore(inventory).get(ids[0] ?? "")).to.not.equal(undefined);

    const keys = await randomReservations(urls.reservation, 600, chance);
    expect(keys.length).to.be.greaterThan(500);
    const store = new MysqlReservationStore(poolOf(reservation));
    const lists = new Lane({ name: "lists", maxInFlight: 1, maxQueue: 1 });
    const list = (userId: string, pageToken: string) =>
      listReservations({ store, lists }, { userId, pageSize: 100, pageToken });
    for (const { reservationId, userId, pageToken } of keys.slice(0, 20)) {
      const found = (await store.find([reservationId])).get(reservationId);
      expect(found?.reservation.userId).to.equal(userId);
      const all = await list(userId, "");
      const rest = await list(userId, pageToken);
      const place = all.reservations.findIndex(({ id }) => id === reservationId);
      if (place !== -1 && all.nextPageToken === "") {
        expect(rest.reservations).to.deep.equal(all.reservations.slice(place + 1));
      }
    }
  });

  it("are none of an empty table", async () => {
    const empty = await emptySchemas();
    expect(await randomEvents(empty.inventory, 10, () => 0)).to.deep.equal([]);
    const tokens = { sort: "name", depth: 0, count: 5 } as const;
    expect(await eventPageTokens(empty.inventory, tokens)).to.deep.equal([]);
  });
});
