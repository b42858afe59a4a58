import { once } from "node:events";
import { Code, ConnectError } from "@connectrpc/connect";
import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import { eventIdsOf, summary, useReads } from "./use-reads.ts";

const isAway = () => {
  throw new ConnectError("no connection", Code.Unavailable);
};
const hangs = (signal: AbortSignal) => once(signal, "abort");

describe("reading events from memory", () => {
  const { api, clock, createEvent, get, leftAt, callsOf, metric } = useReads();

  it("asks the service once for a hundred who ask at once", async () => {
    const event = await createEvent();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    for (const [method, path] of [
      ["batchGetEvents", event.path],
      ["batchGetAvailability", event.availability],
      ["listEvents", "/v1/events?q=Last"],
    ] as const) {
      api.services.before.set(method, () => released);
      api.lines.splice(0);
      const answers = Array.from({ length: 100 }, () => get(path));
      await untilTrue(() => callsOf(method) > 0);
      release();
      const bodies = (await Promise.all(answers)).map(({ body }) => JSON.stringify(body));
      expect([new Set(bodies).size, callsOf(method)], path).to.deep.equal([1, 1]);
      // Their log lines name the call that they waited for.
      const { headers } = api.services.callsOf(method)[0] ?? {};
      const id = headers?.get("x-request-id");
      expect(id).to.match(/^[0-9a-f-]{36}$/);
      await untilTrue(() => api.lines.length === 100);
      const waited = api.lines.filter(({ rpcRequestId }) => rpcRequestId === id);
      expect(waited.length).to.be.greaterThan(0);
      expect(await metric("tessera_read_cache_entries", kindOf(method))).to.be.greaterThan(0);
    }
  });

  it("asks once for one page, whatever the words", async () => {
    const same = ["", "?", "?limit=20", "?sort=startsAt&limit=20", "?limit=20&sort=startsAt&q="];
    for (const query of same) {
      expect((await get(`/v1/events${query}`)).status).to.equal(200);
    }
    expect(callsOf("listEvents")).to.equal(1);
    for (const query of ["?q=Last%20N", "?q=Last+N&sort=name", "?sort=name&q=Last%20N&limit=20"]) {
      expect((await get(`/v1/events${query}`)).status).to.equal(200);
    }
    expect(callsOf("listEvents")).to.equal(2);
    const from = ["2030-01-31T20:00:00Z", "2030-01-31T22:00:00.000%2B02:00"];
    for (const time of from) {
      await get(`/v1/events?startsFrom=${time}`);
    }
    expect(callsOf("listEvents")).to.equal(3);
    const other = ["?limit=21", "?sort=name", "?sort=-createdAt", "?q=Last%20n"];
    for (const query of [...other, "?startsFrom=2030-01-31T20:00:00.001Z"]) {
      await get(`/v1/events${query}`);
    }
    expect(callsOf("listEvents")).to.equal(8);
  });

  it("shows the old while it looks for the new", async () => {
    const event = await createEvent();
    expect(await leftAt(event)).to.equal(10);
    event.leave(0);
    clock.now += 250;
    expect(await leftAt(event), "fresh still").to.equal(10);
    expect(callsOf("batchGetAvailability")).to.equal(1);
    clock.now += 1;
    expect(await leftAt(event)).to.equal(10);
    await untilTrue(async () => (await leftAt(event)) === 0);
    expect(callsOf("batchGetAvailability")).to.equal(2);
    const stale = await metric("tessera_read_cache_answers_total", "availability", '"stale"');
    expect(stale).to.be.greaterThan(0);
  });

  it("never shows what is left when that is older than a second", async () => {
    const event = await createEvent();
    expect(await leftAt(event)).to.equal(10);
    event.leave(0);
    clock.now += 1_001;
    expect(await leftAt(event)).to.equal(0);
  });

  it("answers 304 from memory to who has it already", async () => {
    const event = await createEvent();
    for (const path of [event.path, event.availability, "/v1/events?sort=name"]) {
      const first = await get(path);
      const etag = first.headers.get("etag") ?? "";
      const before = api.services.calls.length;
      for (const [method, ifNoneMatch, status] of [
        ["GET", etag, 304],
        ["HEAD", etag, 304],
        ["GET", '"other"', 200],
        ["HEAD", '"other"', 200],
      ] as const) {
        const headers = { "if-none-match": ifNoneMatch };
        const again = await api.ask(method, path, { headers });
        expect([again.status, again.headers.get("etag")]).to.deep.equal([status, etag]);
        expect(again.headers.get("cache-control")).to.equal("public, no-cache");
      }
      expect(api.services.calls.length, "asked nobody").to.equal(before);
    }
    // The tag is of the content: it changes with it.
    const before = (await get(event.availability)).headers.get("etag") ?? "";
    event.leave(3);
    clock.now += 1_001;
    const changed = await get(event.availability, { "if-none-match": before });
    expect([changed.status, changed.body.ticketTypes[0].available]).to.deep.equal([200, 3]);
  });

  it("remembers for a moment that there is no such event", async () => {
    for (const [method, path] of [
      ["batchGetEvents", ""],
      ["batchGetAvailability", "/availability"],
    ] as const) {
      const id = crypto.randomUUID();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => get(`/v1/events/${id}${path}`)),
      );
      for (const { status, body, headers } of answers) {
        expect([status, body.code, body.eventId]).to.deep.equal([404, "EVENT_NOT_FOUND", id]);
        expect(body.requestId).to.equal(headers.get("x-request-id"));
      }
      expect(callsOf(method)).to.equal(1);
      clock.now += 1_001;
      await get(`/v1/events/${id}${path}`);
      expect(callsOf(method)).to.equal(2);
    }
  });

  it("remembers no failure", async () => {
    const event = await createEvent();
    api.services.before.set("batchGetEvents", isAway);
    expect(summary(await get(event.path))).to.deep.equal([503, "DEPENDENCY_UNAVAILABLE"]);
    api.services.before.clear();
    expect((await get(event.path)).status).to.equal(200);
    for (let times = 0; times < 2; times += 1) {
      const bad = await get("/v1/events?cursor=made-up");
      expect(summary(bad)).to.deep.equal([400, "INVALID_PAGE_TOKEN"]);
    }
    expect(callsOf("listEvents")).to.equal(2);
    expect(await metric("tessera_read_cache_load_failures_total", "event")).to.equal(1);
  });

  it("sends what is not ASCII as it is", async () => {
    const name = "Wagner: Götterdämmerung 🎭";
    const event = await createEvent(name);
    for (let times = 0; times < 2; times += 1) {
      expect((await get(event.path)).body.name).to.equal(name);
    }
  });
});

describe("reading events while inventory-svc is away", () => {
  const { api, clock, createEvent, get, leftAt, callsOf } = useReads({ rpcTimeoutMs: 200 });

  for (const [what, fails, failure] of [
    ["refuses", isAway, [503, "DEPENDENCY_UNAVAILABLE"]],
    ["hangs", hangs, [504, "DEADLINE_EXCEEDED"]],
  ] as const) {
    it(`shows what is left for a second and no longer: it ${what}`, async () => {
      const event = await createEvent();
      expect(await leftAt(event)).to.equal(10);
      api.services.before.set("batchGetAvailability", fails);
      clock.now += 999;
      expect(await leftAt(event)).to.equal(10);
      clock.now += 2;
      expect(await leftAt(event)).to.deep.equal(failure);
      expect(await leftAt(event)).to.deep.equal(failure);
      api.services.before.clear();
      event.leave(0);
      expect(await leftAt(event)).to.equal(0);
    });

    it(`shows details and lists for a minute: it ${what}`, async () => {
      const event = await createEvent();
      for (const [method, path] of [
        ["batchGetEvents", event.path],
        ["listEvents", "/v1/events?q=Last"],
      ] as const) {
        const { body } = await get(path);
        api.services.before.set(method, fails);
        clock.now += 59_000;
        for (let times = 0; times < 5; times += 1) {
          expect((await get(path)).body).to.deep.equal(body);
        }
        expect(callsOf(method), "once, and once in vain").to.equal(2);
        clock.now += 1_001;
        expect(summary(await get(path))).to.deep.equal(failure);
        api.services.before.clear();
        expect((await get(path)).status).to.equal(200);
        api.services.calls.splice(0);
      }
    });
  }
});

describe("the log of reads", () => {
  const { api, clock, get } = useReads();

  it("says once of each kind that they fail, and once that they work again", async () => {
    const told = () => api.lines.filter(({ kind }) => kind !== undefined);
    const ask = (query = "") => get(`/v1/events?limit=2${query}`);
    const later = () => {
      clock.now += 5_001;
    };
    await ask("&cursor=none-of-ours");
    expect((await ask()).status).to.equal(200);
    expect(told()).to.deep.equal([]);
    api.services.before.set("listEvents", isAway);
    for (let times = 0; times < 3; times += 1) {
      later();
      expect((await ask()).status, "from memory").to.equal(200);
    }
    expect(told()).to.have.length(1);
    expect(told()[0]).to.deep.include({ level: 40, kind: "list", msg: "reads fail" });
    expect(told()[0]).to.have.nested.property("err.message").that.includes("unavailable");
    api.services.before.clear();
    clock.now += 1_001;
    await ask();
    expect(told(), "too early to tell").to.have.length(1);
    later();
    await ask();
    later();
    await ask();
    expect(told()).to.have.length(2);
    expect(told()[1]).to.include({ level: 30, kind: "list", msg: "reads work again" });
  });
});

describe("a small memory", () => {
  const { api, createEvent, get, callsOf, metric } = useReads({
    readCacheEntries: 4,
    readMaxLoads: 2,
  });

  it("keeps what is asked for, whatever else is asked for once", async () => {
    await createEvent();
    const lists = '"list"';
    for (let times = 0; times < 30; times += 1) {
      await get(`/v1/events?q=${crypto.randomUUID()}`);
      await get("/v1/events");
      expect(await metric("tessera_read_cache_entries", lists)).to.be.at.most(4);
    }
    expect(callsOf("listEvents")).to.equal(31);
    expect(await metric("tessera_read_cache_bytes", lists)).to.be.within(1, 10_000);
    expect(await metric("tessera_read_cache_answers_total", lists, '"fresh"')).to.equal(29);
  });

  it("refuses early what it has no room to ask for", async () => {
    api.services.before.set("batchGetEvents", hangs);
    const waiting = [0, 1].map(() => get(`/v1/events/${crypto.randomUUID()}`));
    const asked = () => api.services.callsOf("batchGetEvents").flatMap(eventIdsOf);
    await untilTrue(() => asked().length === 2);
    const refused = await get(`/v1/events/${crypto.randomUUID()}`);
    expect(summary(refused)).to.deep.equal([503, "OVERLOADED"]);
    expect(refused.headers.get("retry-after")).to.equal("1");
    for (const answer of await Promise.all(waiting)) {
      expect(summary(answer)).to.deep.equal([504, "DEADLINE_EXCEEDED"]);
    }
  });
});

function kindOf(method: "batchGetEvents" | "batchGetAvailability" | "listEvents"): string {
  return {
    batchGetEvents: '"event"',
    batchGetAvailability: '"availability"',
    listEvents: '"list"',
  }[method];
}
