import { createHash, createHmac } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Place_State, Place_StockHint } from "@tessera/proto/reservation/v1/waiting_room_pb";
import type { BatchJoinWaitingRoomsRequest } from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import { ServiceError } from "@tessera/service-kit/service-error";
import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import { sendRaw, statusesIn } from "../../test/security/raw-http.ts";
import { useApp } from "./use-app.ts";

const IN_AN_HOUR = new Date(Date.now() + 3_600_000);

describe("the waiting room", () => {
  // What was read stays fresh, however long a busy machine takes.
  const api = useApp({ now: () => 0 });
  const userId = crypto.randomUUID();
  let token: string;
  let eventId: string;
  beforeEach(async () => {
    token = await api.token({ userId });
    eventId = api.services.waitingRooms.open();
  });
  const at = (path = "") => `/v1/events/${eventId}/queue${path}`;
  const join = (as = token) => api.ask("POST", at(), { token: as });
  const poll = (as = token) => api.ask("GET", at(), { token: as });

  it("gives one place, however often somebody joins", async () => {
    await join(await api.token());
    const first = await join();
    expect(first.status).to.equal(201);
    expect(first.headers.get("location")).to.equal(at());
    expect(first.headers.get("cache-control")).to.equal("no-store");
    expect(first.headers.get("ratelimit-policy")).to.match(/^"queue";/);
    expect(first.body).to.deep.equal({
      eventId,
      state: "WAITING",
      position: 2,
      ahead: 1,
      estimatedWaitSeconds: 60,
      stockHint: "PLENTY",
      pollAfterMs: 100,
    });
    const again = await api.ask("POST", at(), { token, body: {} });
    expect([again.status, again.headers.get("location"), again.body]).to.deep.equal([
      200,
      null,
      first.body,
    ]);
    const polled = await poll();
    expect([polled.status, polled.body]).to.deep.equal([200, first.body]);
    expect(polled.headers.get("cache-control")).to.equal("no-store");
  });

  it("takes chunks that come to nothing for no body, of whatever type", async () => {
    const sendChunks = async (chunks: string) => {
      const head = [
        `POST ${at()} HTTP/1.1`,
        "Host: x",
        "Connection: close",
        `Authorization: Bearer ${token}`,
        "Transfer-Encoding: chunked",
      ];
      const text = `${head.join("\r\n")}\r\n\r\n${chunks}0\r\n\r\n`;
      return statusesIn(await sendRaw(Number(new URL(api.url).port), text));
    };
    expect(await sendChunks("")).to.deep.equal([201]);
    expect(await sendChunks("2\r\n{}\r\n")).to.deep.equal([415]);
  });

  it("knows no position before the draw", async () => {
    eventId = api.services.waitingRooms.open({ drawTime: IN_AN_HOUR });
    const { status, body } = await join();
    expect(status).to.equal(201);
    expect(body).to.include({ state: "WAITING", position: null, ahead: null });
  });

  it("hands the pass to whoever is admitted", async () => {
    await join();
    const expireMs = Date.UTC(2030, 0, 1);
    api.services.waitingRooms.change(
      { eventId, userId },
      {
        state: Place_State.ADMITTED,
        stockHint: Place_StockHint.LOW,
        admissionPass: "a.good.pass",
        passExpireTime: timestampFromMs(expireMs),
        serverTime: timestampFromMs(expireMs - 60_000),
        estimatedWait: undefined,
      },
    );
    const { body } = await poll();
    expect(body).to.deep.equal({
      eventId,
      state: "ADMITTED",
      position: null,
      ahead: null,
      estimatedWaitSeconds: null,
      stockHint: "LOW",
      pollAfterMs: 100,
      pass: "a.good.pass",
      passExpiresAt: new Date(expireMs).toISOString(),
      serverTime: new Date(expireMs - 60_000).toISOString(),
    });
  });

  it("says when there is nothing to wait for, and when its store is lost", async () => {
    await join();
    const { waitingRooms } = api.services;
    const nothing = { estimatedWait: undefined, pollAfter: undefined };
    waitingRooms.change(
      { eventId, userId },
      { ...nothing, state: Place_State.GONE, stockHint: Place_StockHint.GONE },
    );
    expect((await poll()).body).to.include({ state: "GONE", stockHint: "GONE", pollAfterMs: null });
    waitingRooms.change({ eventId, userId }, { state: Place_State.EXPIRED });
    expect((await poll()).body).to.include({ state: "EXPIRED" });
    waitingRooms.change({ eventId, userId }, { state: Place_State.ADMITTED, storeLost: true });
    const { body } = await poll();
    expect(body).to.include({ state: "ADMITTED", storeLost: true });
    expect(body).not.to.have.property("pass");
  });

  it("lets people leave, whether they were there or not", async () => {
    await join();
    for (const left of [1, 2]) {
      const { status, headers } = await api.ask("DELETE", at(), { token });
      expect([left, status, headers.get("cache-control")]).to.deep.equal([left, 204, "no-store"]);
    }
    const { status, body } = await poll();
    expect([status, body.code]).to.deep.equal([404, "PLACE_NOT_FOUND"]);
  });

  it("answers HEAD without opening a stream", async () => {
    await join();
    const headers = { accept: "text/event-stream" };
    const { status, headers: answered } = await api.ask("HEAD", at(), { token, headers });
    expect([status, answered.get("content-type")]).to.deep.equal([
      200,
      "application/json; charset=utf-8",
    ]);
  });

  describe("the draw", () => {
    it("commits to a seed that is shown when the sale opens", async () => {
      const drawTime = IN_AN_HOUR;
      eventId = api.services.waitingRooms.open({ drawTime });
      const { status, headers, body } = await api.ask("GET", at("/draw"));
      expect([status, headers.get("cache-control")]).to.deep.equal([200, "public, no-cache"]);
      expect(body).to.include({ eventId, seed: null, entrants: 0 });
      expect(body.drawTime).to.equal(drawTime.toISOString());
      const etag = headers.get("etag") ?? "";
      const same = await api.ask("GET", at("/draw"), { headers: { "if-none-match": etag } });
      expect(same.status).to.equal(304);
    });

    it("is asked for once, however many check it", async () => {
      const { waitingRooms } = api.services;
      const before = waitingRooms.drawsAsked;
      const seen = await Promise.all(Array.from({ length: 50 }, () => api.ask("GET", at("/draw"))));
      expect(new Set(seen.map(({ status }) => status))).to.deep.equal(new Set([200]));
      expect(waitingRooms.drawsAsked).to.equal(before + 1);
    });

    it("is not asked for where shared reads know that there is none", async () => {
      const { waitingRooms } = api.services;
      const before = waitingRooms.drawsAsked;
      const ids = Array.from({ length: 20 }, () => crypto.randomUUID());
      for (const [places, code] of [
        [ids, "EVENT_NOT_FOUND"],
        [[waitingRooms.openToAll()], "NO_WAITING_ROOM"],
      ] as const) {
        const paths = places.map((id) => `/v1/events/${id}/queue/draw`);
        const answers = await Promise.all(paths.map((path) => api.ask("GET", path)));
        for (const { status, body } of answers) {
          expect([status, body.code]).to.deep.equal([404, code]);
        }
      }
      expect(waitingRooms.drawsAsked).to.equal(before);
    });

    it("can be checked by whoever was drawn", async () => {
      await join();
      const { body: drawn } = await api.ask("GET", at("/draw"));
      const seed = Buffer.from(drawn.seed, "hex");
      expect(createHash("sha256").update(seed).digest("hex")).to.equal(drawn.commitment);
      const { status, headers, body } = await api.ask("GET", at("/draw/mine"), { token });
      expect([status, headers.get("cache-control")]).to.deep.equal([200, "no-store"]);
      const drawNumber = createHmac("sha256", seed).update(userId).digest().readUIntBE(0, 6);
      expect(body).to.deep.equal({ eventId, userId, drawNumber });
      expect(drawn.rule).to.include("HMAC-SHA-256").and.to.include("48 bits");
    });

    it("has no numbers before the sale opens", async () => {
      eventId = api.services.waitingRooms.open({ drawTime: IN_AN_HOUR });
      await join();
      const secondsLeft = () => Math.ceil((IN_AN_HOUR.getTime() - Date.now()) / 1000);
      const before = secondsLeft();
      const { status, headers, body } = await api.ask("GET", at("/draw/mine"), { token });
      expect([status, body.code, body.retryable]).to.deep.equal([425, "DRAW_NOT_YET", true]);
      expect(body.drawTime).to.equal(IN_AN_HOUR.toISOString());
      expect(Number(headers.get("retry-after"))).to.be.within(secondsLeft(), before);
    });

    it("has no number for whoever did not join", async () => {
      const { status, body } = await api.ask("GET", at("/draw/mine"), { token });
      expect([status, body.code]).to.deep.equal([404, "PLACE_NOT_FOUND"]);
    });
  });

  const everyCall = [
    ["POST", ""],
    ["GET", ""],
    ["DELETE", ""],
    ["GET", "/draw"],
    ["GET", "/draw/mine"],
  ] as const;
  for (const [method, path] of everyCall) {
    it(`refuses to ${method} /queue${path} of what there is not`, async () => {
      const ask = async (id: string) => {
        const answer = await api.ask(method, `/v1/events/${id}/queue${path}`, { token });
        return [answer.status, answer.body.code];
      };
      expect(await ask(crypto.randomUUID())).to.deep.equal([404, "EVENT_NOT_FOUND"]);
      const open = api.services.waitingRooms.openToAll();
      expect(await ask(open)).to.deep.equal([404, "NO_WAITING_ROOM"]);
      for (const bad of ["1", `${eventId}x`, "%00", "..%2f"]) {
        expect(await ask(bad), bad).to.deep.equal([400, "INVALID_FIELD"]);
      }
    });
  }

  it("takes no body but an empty one", async () => {
    const known = await api.ask("POST", at(), { token, body: { position: 1 } });
    expect([known.status, known.body.errors[0].field]).to.deep.equal([400, "position"]);
    const list = await api.ask("POST", at(), { token, body: [] });
    expect([list.status, list.body.code]).to.deep.equal([400, "MALFORMED_BODY"]);
  });

  for (const [reason, status] of [
    ["SALES_CLOSED", 403],
    ["WAITING_ROOM_FULL", 429],
    ["WAITING_ROOM_UNAVAILABLE", 503],
    ["OVERLOADED", 503],
  ] as const) {
    it(`answers ${status} for ${reason}`, async () => {
      api.services.before.set("batchJoinWaitingRooms", () => {
        throw new ServiceError(reason, "not now");
      });
      const { headers, body, ...answer } = await join();
      api.services.before.clear();
      expect([answer.status, body.code]).to.deep.equal([status, reason]);
      expect(headers.has("retry-after")).to.equal(body.retryable);
    });
  }
});

describe("many who join at once", () => {
  const api = useApp({ reserveMaxInFlight: 1, reserveMaxBatch: 50 });

  it("make few calls", async () => {
    const path = `/v1/events/${api.services.waitingRooms.open()}/queue`;
    const tokens = await Promise.all(Array.from({ length: 81 }, () => api.token()));
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    api.services.before.set("batchJoinWaitingRooms", () => released);
    const calls = () => api.services.callsOf("batchJoinWaitingRooms");
    const [first = "", ...rest] = tokens;
    const answers = [api.ask("POST", path, { token: first })];
    await untilTrue(() => calls().length === 1);
    answers.push(...rest.map((token) => api.ask("POST", path, { token })));
    await untilTrue(async () =>
      /queue_depth\{operation="join"\} 80\n/.test(await api.registry.metrics()),
    );
    api.services.before.clear();
    release();
    const positions = (await Promise.all(answers)).map(({ body }) => body.position);
    expect(new Set(positions).size).to.equal(81);
    const sizes = calls().map(
      ({ message }) => (message as BatchJoinWaitingRoomsRequest).entries.length,
    );
    expect(sizes).to.deep.equal([1, 50, 30]);
  });
});
