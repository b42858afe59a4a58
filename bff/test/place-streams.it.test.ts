import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Place_State } from "@tessera/proto/reservation/v1/waiting_room_pb";
import { ServiceError } from "@tessera/service-kit/service-error";
import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import { openStreams, pathOf, useFollower } from "./use-follower.ts";

const ADMITTED = {
  state: Place_State.ADMITTED,
  admissionPass: "p",
  passExpireTime: timestampFromMs(0),
};

describe("a place that is followed", () => {
  const { api, who, follow, change, tokenOf } = useFollower({ retryMs: 50 });

  it("is told at the beginning, when it changes, and until its owner is admitted", async () => {
    const stream = await follow();
    expect(stream.status).to.equal(200);
    expect(stream.headers.get("content-type")).to.equal("text/event-stream; charset=utf-8");
    expect(stream.headers.get("cache-control")).to.equal("no-store");
    expect(stream.headers.get("x-accel-buffering")).to.equal("no");
    expect(stream.headers.get("content-encoding")).to.equal(null);
    expect(stream.headers.get("x-content-type-options")).to.equal("nosniff");
    expect(stream.headers.get("x-request-id")).to.match(/^[\w-]+$/);
    expect(stream.headers.get("ratelimit-policy")).to.match(/^"queue";/);
    await untilTrue(() => stream.heartbeats() >= 2);
    expect(stream.events).to.have.length(1);
    expect(stream.retryMs()).to.be.within(50, 100);
    const polled = await api.ask("GET", pathOf(who), { token: tokenOf() });
    expect(stream.events[0]).to.deep.equal({ event: "place", data: polled.body });

    // Another time to poll is no news; what is said to be the same must not be told twice.
    change({ pollAfter: durationFromMs(120) });
    const told = stream.heartbeats();
    await untilTrue(() => stream.heartbeats() >= told + 2);
    change({ position: 0, ahead: 0 });
    await untilTrue(() => stream.events.length === 2);
    // Nor is the time of day, which comes with a pass.
    change({ ...ADMITTED, state: Place_State.WAITING });
    await untilTrue(() => stream.events.length === 3);
    const withPass = stream.heartbeats();
    await untilTrue(() => stream.heartbeats() >= withPass + 2);
    change(ADMITTED);
    expect(await stream.ended).to.equal(true);
    expect(stream.events.map(({ event, data }) => [event, data.state, data.pass])).to.deep.equal([
      ["place", "WAITING", undefined],
      ["place", "WAITING", undefined],
      ["place", "WAITING", "p"],
      ["place", "ADMITTED", "p"],
    ]);
  });

  for (const name of ["GONE", "EXPIRED", "ADMITTED"] as const) {
    it(`is told once when it is ${name} already`, async () => {
      change({ ...ADMITTED, state: Place_State[name] });
      const headers = { accept: "text/event-stream" };
      const { status, body } = await api.ask("GET", pathOf(who), { token: tokenOf(), headers });
      expect(status).to.equal(200);
      expect(body.match(/event: place\n/g)).to.have.length(1);
      expect(body).to.include(`"state":"${name}"`);
    });
  }

  it("is a stream only for those who would rather have one", async () => {
    for (const [accept, isStream] of [
      ["TEXT/Event-Stream", true],
      ["application/json", false],
      ["*/*", false],
      ["application/json, text/event-stream", false],
      ["application/json, text/event-stream;q=0.5", false],
      ["text/event-stream", true],
      ["text/event-stream, */*", true],
      ["application/json;q=0.5, text/event-stream", true],
    ] as const) {
      const response = await fetch(`${api.url}${pathOf(who)}`, {
        headers: { accept, authorization: `Bearer ${tokenOf()}` },
      });
      const type = response.headers.get("content-type") ?? "";
      expect(type.startsWith("text/event-stream"), accept).to.equal(isStream);
      await response.body?.cancel();
    }
  });

  it("is refused as a poll is before the first event", async () => {
    const headers = { accept: "text/event-stream" };
    const path = pathOf(who);
    const stranger = await api.ask("GET", path, { token: await api.token(), headers });
    expect([stranger.status, stranger.body.code]).to.deep.equal([404, "PLACE_NOT_FOUND"]);
    const bad = await api.ask("GET", "/v1/events/x/queue", { token: tokenOf(), headers });
    expect([bad.status, bad.body.code]).to.deep.equal([400, "INVALID_FIELD"]);
    expect((await api.ask("GET", path, { headers })).status).to.equal(401);
  });

  it("is polled no more once its owner has gone", async () => {
    const stream = await follow();
    await untilTrue(() => stream.heartbeats() >= 1);
    expect(await openStreams(api)).to.equal(1);
    const requestId = stream.headers.get("x-request-id");
    expect(api.lines.some((line) => line.requestId === requestId)).to.equal(false);
    stream.close();
    await untilTrue(async () => (await openStreams(api)) === 0);
    const line = api.lines.find((each) => each.requestId === requestId);
    expect(line).to.include({ status: 200, code: "OK", userId: who.userId });
    const metrics = await api.registry.metrics();
    expect(metrics).not.to.match(/requests_total\{.*queue.*status="499"/);
  });

  it("counts with what its first event took, not with what it lasted", async () => {
    const sum = async () => {
      const pattern = /duration_seconds_sum\{method="GET",route="\/v1\/events\/:id\/queue",.* (.*)/;
      return Number(pattern.exec(await api.registry.metrics())?.[1] ?? 0);
    };
    const before = await sum();
    const startTime = performance.now();
    const stream = await follow();
    const headTime = performance.now();
    // From its head on it lasts longer than it took until then.
    await untilTrue(() => performance.now() - headTime > headTime - startTime);
    change(ADMITTED);
    await stream.ended;
    const requestId = stream.headers.get("x-request-id");
    await untilTrue(() => api.lines.some((line) => line.requestId === requestId));
    const line = api.lines.find((each) => each.requestId === requestId);
    const toHeadMs = headTime - startTime;
    expect(line?.durationMs).to.be.greaterThan(toHeadMs);
    expect(((await sum()) - before) * 1000).to.be.at.most(toHeadMs);
  });

  it("goes on after a failure that passes, and says so once", async () => {
    const stream = await follow();
    await untilTrue(() => stream.events.length === 1);
    api.services.before.set("batchPollPlaces", () => {
      throw new ServiceError("WAITING_ROOM_UNAVAILABLE", "not now");
    });
    await untilTrue(() => stream.events.length === 2);
    expect(stream.events[1]?.event).to.equal("problem");
    expect(stream.events[1]?.data).to.include({
      code: "WAITING_ROOM_UNAVAILABLE",
      status: 503,
      retryable: true,
      requestId: stream.headers.get("x-request-id"),
    });
    // A service that is made to stop ends its calls: nobody here has cancelled any.
    api.services.before.set("batchPollPlaces", () => {
      throw new ServiceError("CANCELLED", "not by me");
    });
    await untilTrue(() => stream.events.length === 3);
    expect(stream.events[2]?.data).to.include({ code: "DEPENDENCY_UNAVAILABLE", status: 503 });
    api.services.before.clear();
    await untilTrue(() => stream.events.length === 4);
    expect(stream.events[3]).to.deep.equal(stream.events[0]);
  });

  it("ends with a failure that stays", async () => {
    const stream = await follow();
    await untilTrue(() => stream.events.length === 1);
    await api.ask("DELETE", pathOf(who), { token: tokenOf() });
    expect(await stream.ended).to.equal(true);
    expect(stream.events.map(({ event, data }) => [event, data.code])).to.deep.equal([
      ["place", undefined],
      ["problem", "PLACE_NOT_FOUND"],
    ]);
    const requestId = stream.headers.get("x-request-id");
    await untilTrue(() => api.lines.some((line) => line.requestId === requestId));
    const line = api.lines.find((each) => each.requestId === requestId);
    expect(line).to.include({ status: 200, code: "PLACE_NOT_FOUND" });
  });

  it("tells nobody about a service's bug, and logs it", async () => {
    const stream = await follow();
    await untilTrue(() => stream.events.length === 1);
    api.services.before.set("batchPollPlaces", () => {
      throw new Error("a secret");
    });
    expect(await stream.ended).to.equal(true);
    expect(stream.events[1]?.data).to.include({ code: "INTERNAL", retryable: false });
    expect(JSON.stringify(stream.events)).not.to.include("secret");
    const requestId = stream.headers.get("x-request-id");
    await untilTrue(() => api.lines.some((line) => line.requestId === requestId));
    expect(api.lines.find((each) => each.requestId === requestId)).to.include({ level: 50 });
  });

  it("is followed a few times at once: the newest goes on, and the oldest ends", async () => {
    const streams = [await follow(), await follow(), await follow(), await follow()];
    const fifth = await follow();
    expect(fifth.status).to.equal(200);
    await untilTrue(() => fifth.events.length === 1);
    expect(fifth.events[0]?.event).to.equal("place");
    const [oldest, ...others] = streams;
    expect(await oldest?.ended).to.equal(true);
    expect(oldest?.events.map(({ event, data }) => [event, data.code])).to.deep.equal([
      ["place", undefined],
      ["problem", "STREAM_REPLACED"],
    ]);
    expect(oldest?.events[1]?.data).to.include({ status: 409, retryable: false });
    await untilTrue(async () => (await openStreams(api)) === 4);
    for (const stream of others) {
      const told = stream.heartbeats();
      await untilTrue(() => stream.heartbeats() > told);
    }
  });

  it("is followed on when a newer stream is refused, or has but one thing to tell", async () => {
    const streams = [await follow(), await follow(), await follow(), await follow()];
    const headers = { accept: "text/event-stream" };
    const fifth = async (path = pathOf(who)) => {
      const { status, body } = await api.ask("GET", path, { token: tokenOf(), headers });
      return [status, body.code];
    };
    const elsewhere = pathOf({ eventId: api.services.waitingRooms.open() });
    expect(await fifth(elsewhere)).to.deep.equal([404, "PLACE_NOT_FOUND"]);
    api.services.before.set("batchPollPlaces", () => {
      throw new ServiceError("WAITING_ROOM_UNAVAILABLE", "not now");
    });
    expect(await fifth()).to.deep.equal([503, "WAITING_ROOM_UNAVAILABLE"]);
    api.services.before.clear();
    await untilTrue(() => streams.every(({ events }) => events.at(-1)?.event === "place"));
    for (const stream of streams) {
      const told = stream.heartbeats();
      await untilTrue(() => stream.heartbeats() > told);
    }
    change(ADMITTED);
    await fifth();
    for (const stream of streams) {
      expect(await stream.ended).to.equal(true);
      expect(stream.events.some(({ data }) => data.code === "STREAM_REPLACED")).to.equal(false);
    }
  });

  it("does not count the streams that have ended", async () => {
    const streams = [await follow(), await follow(), await follow(), await follow()];
    streams[1]?.close();
    await untilTrue(async () => (await openStreams(api)) === 3);
    const another = await follow();
    await untilTrue(() => another.events.length === 1);
    expect(await openStreams(api)).to.equal(4);
    const told = streams[0]?.heartbeats() ?? 0;
    await untilTrue(() => (streams[0]?.heartbeats() ?? 0) > told + 1);
  });

  it("is followed no longer than the access token is good", async () => {
    const stream = await follow(await api.token({ userId: who.userId, expiresIn: 2 }));
    expect(stream.status).to.equal(200);
    expect(await stream.ended).to.equal(true);
    expect(stream.events.map(({ data }) => data.state)).to.deep.equal(["WAITING"]);
  });
});
