import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import { type AppOptions, useApp } from "./use-app.ts";

/** Two buyers, each with reservations of his own. */
function useBuyers(options: AppOptions = {}) {
  const api = useApp(options);
  const eventId = crypto.randomUUID();
  const ticketTypeId = crypto.randomUUID();
  const buyers: { userId: string; token: string; ids: string[] }[] = [];
  before(async () => {
    api.services.reservations.stock.set(ticketTypeId, 100);
    for (const count of [3, 1]) {
      const userId = crypto.randomUUID();
      const token = await api.token({ userId });
      const ids = [];
      for (let made = 0; made < count; made += 1) {
        const items = [{ ticketTypeId, quantity: 1 }];
        const key = crypto.randomUUID();
        const { body } = await api.ask("POST", "/v1/reservations", {
          ...{ token, key, body: { eventId, items } },
        });
        ids.unshift(body.id);
      }
      buyers.push({ userId, token, ids });
    }
  });
  const get = (buyer: number, path: string) =>
    api.ask("GET", `/v1/reservations${path}`, { token: buyers[buyer]?.token ?? "" });
  const idOf = (buyer: number, index = 0) => buyers[buyer]?.ids[index] ?? "";
  return { api, buyers, get, idOf };
}

/** Holds back what `method` is asked for; resolves, with how to let go, when it was asked `calls` times. */
async function busyWith(
  api: ReturnType<typeof useApp>,
  method: string,
  calls: number,
  ask: () => Promise<unknown>,
) {
  const released = Promise.withResolvers<void>();
  let arrived = 0;
  api.services.before.set(method, () => {
    arrived += 1;
    return released.promise;
  });
  const asked: Promise<unknown>[] = [];
  for (let call = 1; call <= calls; call += 1) {
    asked.push(ask());
    await untilTrue(() => arrived === call);
  }
  return async () => {
    api.services.before.clear();
    released.resolve();
    await Promise.all(asked);
  };
}

describe("reads of one's own reservations", () => {
  const { api, buyers, get, idOf } = useBuyers();

  it("share a call, and give each what is his", async () => {
    const release = await busyWith(api, "batchGetReservations", 4, () => get(0, `/${idOf(0)}`));
    const asked = [get(0, `/${idOf(0, 1)}`), get(1, `/${idOf(1)}`), get(1, `/${idOf(0)}`)];
    await untilTrue(() => areUnderWay("reservation", 7));
    await release();
    const answers = await Promise.all(asked);
    expect(answers.map(({ status, body }) => body.id ?? [status, body.code])).to.deep.equal([
      idOf(0, 1),
      idOf(1),
      [404, "RESERVATION_NOT_FOUND"],
    ]);
    expect(answers[0]?.body).to.have.property("serverTime");
    expect(entriesOf("batchGetReservations")).to.deep.equal([1, 1, 1, 1, 3]);
  });

  it("share a call page by page, and a bad cursor fails alone", async () => {
    const release = await busyWith(api, "batchListReservations", 16, () => get(0, ""));
    const asked = [get(0, "?limit=2"), get(1, ""), get(1, "?cursor=bad")];
    await untilTrue(() => areUnderWay("reservations", 19));
    await release();
    const [first, second, bad] = await Promise.all(asked);
    const idsIn = (items: { id: string }[]) => items.map(({ id }) => id);
    expect(idsIn(first?.body.items)).to.deep.equal(buyers[0]?.ids.slice(0, 2));
    expect(idsIn(second?.body.items)).to.deep.equal(buyers[1]?.ids);
    expect([bad?.status, bad?.body.code]).to.deep.equal([400, "INVALID_PAGE_TOKEN"]);
    const rest = await get(0, `?cursor=${first?.body.nextCursor}`);
    expect(idsIn(rest.body.items)).to.deep.equal(buyers[0]?.ids.slice(2));
    expect(entriesOf("batchListReservations")).to.deep.equal([...Array(16).fill(1), 3, 1]);
  });

  it("send no more pages in a call than the service takes", async () => {
    api.services.calls.splice(0);
    const release = await busyWith(api, "batchListReservations", 16, () => get(0, ""));
    const asked = Array.from({ length: 21 }, () => get(1, ""));
    await untilTrue(() => areUnderWay("reservations", 37));
    await release();
    expect((await Promise.all(asked)).map(({ status }) => status)).to.deep.equal(
      Array(21).fill(200),
    );
    expect(entriesOf("batchListReservations")).to.deep.equal([...Array(16).fill(1), 20, 1]);
  });

  async function areUnderWay(kind: string, count: number): Promise<boolean> {
    const gauge = await api.registry.getSingleMetricAsString("tessera_reads_in_flight");
    return gauge.includes(`{kind="${kind}"} ${count}`);
  }

  function entriesOf(method: string): number[] {
    return api.services
      .callsOf(method)
      .map(({ message }) => (message as { entries: unknown[] }).entries.length);
  }
});

describe("a user who reads more at once than others find room for", () => {
  const { api, get } = useBuyers({ readMaxLoads: 8 });

  for (const [method, path] of [
    ["batchGetReservations", `/${crypto.randomUUID()}`],
    ["batchListReservations", ""],
  ] as const) {
    it(`waits for an answer first, and keeps nobody else from asking: ${method}`, async () => {
      const release = await busyWith(api, method, 1, () => get(0, path));
      const refused = await get(0, path);
      expect([refused.status, refused.body.code]).to.deep.equal([429, "RATE_LIMITED"]);
      const other = get(1, path);
      await release();
      expect((await other).status).to.equal(path === "" ? 200 : 404);
      expect((await get(0, path)).status).to.equal(path === "" ? 200 : 404);
    });
  }
});
