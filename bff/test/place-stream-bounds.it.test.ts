import { once } from "node:events";
import { connect } from "node:net";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import { openStreams, pathOf, pollsOf, useFollower } from "./use-follower.ts";

describe("streams", () => {
  const { api, follow, tokenOf, who } = useFollower({ queueStreams: 2 });

  it("are only so many: others must poll", async () => {
    const [one, other] = [await follow(), await follow()];
    const headers = { accept: "text/event-stream" };
    const asked = { token: tokenOf(), headers };
    const { status, headers: answered, body } = await api.ask("GET", pathOf(who), asked);
    expect([status, body.code, answered.get("retry-after")]).to.deep.equal([
      503,
      "OVERLOADED",
      "1",
    ]);
    expect((await api.ask("GET", pathOf(who), { token: tokenOf() })).status).to.equal(200);
    one.close();
    await untilTrue(async () => (await openStreams(api)) === 1);
    expect((await follow()).status).to.equal(200);
    other.close();
  });
});

describe("a stream's life", () => {
  const { follow } = useFollower({ queueStreamSeconds: 1 });

  it("ends by itself, cleanly", async () => {
    const stream = await follow();
    expect(await stream.ended).to.equal(true);
    expect(stream.events.map(({ event }) => event)).to.deep.equal(["place"]);
  });
});

describe("a reader that does not read", () => {
  const { api, who, tokenOf, change } = useFollower({ stallMs: 100 });

  it("is cut off, and what was written for it is forgotten", async () => {
    // Large enough that a few of them fill every buffer on the way.
    const pass = "x".repeat(4_000_000);
    change({ admissionPass: pass, passExpireTime: timestampFromMs(0) });
    const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.pause();
    const head = [
      `GET ${pathOf(who)} HTTP/1.1`,
      "Host: x",
      "Accept: text/event-stream",
      `Authorization: Bearer ${tokenOf()}`,
    ];
    const polls = pollsOf(api);
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    await untilTrue(() => pollsOf(api) > polls);
    let position = 1_000;
    await untilTrue(async () => {
      position -= 1;
      change({ position });
      return (await openStreams(api)) === 0;
    });
    expect(pollsOf(api) - polls).to.be.lessThan(20);
    socket.destroy();
  });
});

describe("a stream whose client left before its first event", () => {
  const { api, who, follow, change, tokenOf } = useFollower();

  it("ends no other of the same user", async () => {
    // The next poll is the last one's, for as long as this takes.
    change({ pollAfter: durationFromMs(15_000) });
    const streams = [await follow(), await follow(), await follow(), await follow()];
    await untilTrue(() => streams.every(({ events }) => events.length === 1));
    const client = new AbortController();
    const requestId = crypto.randomUUID();
    const isLogged = () => api.lines.some((line) => line.requestId === requestId);
    api.services.before.set("batchPollPlaces", async () => {
      client.abort();
      await untilTrue(isLogged);
    });
    const headers = {
      accept: "text/event-stream",
      authorization: `Bearer ${tokenOf()}`,
      "x-request-id": requestId,
    };
    const call = fetch(`${api.url}${pathOf(who)}`, { headers, signal: client.signal });
    expect(await call.catch((reason: Error) => reason.name)).to.equal("AbortError");
    await untilTrue(async () => isLogged() && (await openStreams(api)) <= 4);
    api.streams.close();
    for (const stream of streams) {
      expect(await stream.ended).to.equal(true);
      expect(stream.events.map(({ event }) => event)).to.deep.equal(["place"]);
    }
  });
});

describe("a process that stops", () => {
  const { api, follow } = useFollower();

  it("ends its streams cleanly, and tells late comers their place once", async () => {
    const stream = await follow();
    await untilTrue(() => stream.events.length === 1);
    api.isStopping = true;
    api.streams.close();
    expect(await stream.ended).to.equal(true);
    expect(stream.events).to.have.length(1);
    const late = await follow();
    expect(late.headers.get("connection")).to.equal("close");
    expect(await late.ended).to.equal(true);
    expect(late.events.map(({ event }) => event)).to.deep.equal(["place"]);
  });
});
