import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { HttpPort } from "@tessera/service-kit/http-port";
import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import { answerBroken } from "../src/http/broken-request.ts";
import { memoryLogger, type TestApp, useApp } from "./use-app.ts";

/** Sends requests in pieces to an app, until the test has ended. */
function useSockets(api: TestApp) {
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) {
      socket.destroy();
    }
  });
  return async (name: string, text: string, path = "/v1/users") => {
    const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
    sockets.push(socket);
    const arrival = once(api.server, "request");
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${name}\r\n`;
    socket.write(`${head}Content-Type: application/json\r\n${text}`);
    await arrival;
    return socket;
  };
}

describe("bodies that do not come to their end", () => {
  const api = useApp({ bodyRoom: { max: 10_000, maxEach: 20_000 } });
  const send = useSockets(api);
  const signUp = async () => {
    const email = `${crypto.randomUUID()}@x.test`;
    const body = { email, password: "correct horse", name: "X" };
    const { status, headers, body: answer } = await api.ask("POST", "/v1/users", { body });
    return [status, headers.get("retry-after"), answer.code];
  };
  const ended = (name: string) =>
    untilTrue(() => api.lines.some(({ requestId }) => requestId === name));

  it("have so much room together, and give it back when their clients leave", async () => {
    const held = await send("held", `Content-Length: 60000\r\n\r\n${"x".repeat(9_000)}`);
    await untilTrue(async () => (await signUp())[0] === 503);
    expect(await signUp()).to.deep.equal([503, "1", "OVERLOADED"]);
    expect((await api.ask("GET", "/v1/events")).status).to.equal(200);
    held.destroy();
    await ended("held");
    expect(await signUp()).to.deep.equal([201, null, undefined]);
  });

  it("keep nobody out who has signed in, where strangers send them, nor the other way round", async () => {
    const token = await api.token();
    const reserve = async () => {
      const { status } = await api.ask("POST", "/v1/reservations", { token, key: "k", body: {} });
      return status;
    };
    const body = `Content-Length: 60000\r\n\r\n${"x".repeat(9_000)}`;
    const held = await send("stranger", body);
    await untilTrue(async () => (await signUp())[0] === 503);
    expect(await reserve()).to.equal(400);
    held.destroy();
    await ended("stranger");
    const bearer = `Authorization: Bearer ${token}\r\nIdempotency-Key: k\r\n`;
    await send("buyer", bearer + body, "/v1/reservations");
    await untilTrue(async () => (await reserve()) === 503);
    expect((await signUp())[0]).to.equal(201);
  });

  it("give it back when they do, whatever they were", async () => {
    for (const body of [`"${"x".repeat(9_000)}"`, "x".repeat(9_000)]) {
      const { status } = await api.ask("POST", "/v1/users", { body });
      expect(status).to.equal(400);
    }
    const { status } = await api.ask("POST", "/v1/users", { body: "x".repeat(12_000) });
    expect(status).to.equal(503);
    expect((await signUp())[0]).to.equal(201);
  });

  for (const [what, status, text] of [
    ["stall", 408, `Content-Length: 60000\r\n\r\n${"x".repeat(9_300)}`],
    ["break", 400, `Transfer-Encoding: chunked\r\n\r\n2454\r\n${"x".repeat(9_300)}\r\nnone\r\n`],
  ] as const) {
    it(`give it back when they ${what}, and are answered before their end`, async () => {
      const http = await HttpPort.open(api.app, 0, {
        onBroken: answerBroken(memoryLogger().logger, api.registry),
        bounds: { headMs: 100, wholeMs: 200, lookEveryMs: 20 },
      });
      const socket = connect(http.port, "127.0.0.1");
      const head = "POST /v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
      socket.write(head + text);
      const answer = Buffer.concat(await socket.toArray()).toString();
      await http.close(0);
      expect(answer).to.match(new RegExp(`^HTTP/1.1 ${status} `));
      expect((await signUp())[0]).to.equal(201);
    });
  }

  it("count with what their parts take, however small those are", async () => {
    await send("dribbled", `Transfer-Encoding: chunked\r\n\r\n${"1\r\nx\r\n".repeat(20)}`);
    await ended("dribbled");
    const line = api.lines.find(({ requestId }) => requestId === "dribbled");
    expect(line).to.include({ status: 503, code: "OVERLOADED" });
    expect((await signUp())[0]).to.equal(201);
  });
});

describe("bodies of one sender that do not come to their end", () => {
  const api = useApp({ bodyRoom: { max: 40_000, maxEach: 10_000 } });
  const send = useSockets(api);
  const body = `Content-Length: 60000\r\n\r\n${"x".repeat(9_000)}`;

  it("leave room for everybody else who has signed in", async () => {
    const [token, other] = [await api.token(), await api.token()];
    const reserve = async (as: string) => {
      const asked = { token: as, key: "k", body: {} };
      const { status, headers, body: answer } = await api.ask("POST", "/v1/reservations", asked);
      return [status, answer.code, headers.get("retry-after")];
    };
    const bearer = `Authorization: Bearer ${token}\r\nIdempotency-Key: k\r\n`;
    const held = await send("held", bearer + body, "/v1/reservations");
    await untilTrue(async () => (await reserve(token))[0] !== 400);
    expect(await reserve(token)).to.deep.equal([429, "RATE_LIMITED", "1"]);
    expect(await reserve(other)).to.deep.equal([400, "INVALID_FIELD", null]);
    held.destroy();
    await untilTrue(async () => (await reserve(token))[0] === 400);
  });

  it("leave room for strangers who come from elsewhere", async () => {
    const signUp = async (address: string) => {
      const headers = { "x-forwarded-for": address };
      return (await api.ask("POST", "/v1/users", { body: {}, headers })).status;
    };
    await send("stranger", `X-Forwarded-For: 192.0.2.1\r\n${body}`);
    await untilTrue(async () => (await signUp("192.0.2.1")) === 429);
    expect(await signUp("192.0.2.2")).to.equal(400);
  });
});

describe("a body in parts of one byte", () => {
  const api = useApp({ bodyRoom: { max: 40_000, maxEach: 50_000 } });
  const ask = (body: string) => {
    const client = request(`${api.url}/v1/users`, { method: "POST" });
    client.setHeader("content-type", "application/json");
    // A chunk each: what is left out of them may come together.
    client.setHeader("transfer-encoding", "chunked");
    for (const byte of Buffer.from(body)) {
      client.write(Buffer.of(byte));
    }
    client.end();
    return once(client, "response") as Promise<[IncomingMessage]>;
  };

  it("takes no more room than a few of them, and is read whole", async () => {
    const name = "é".repeat(50);
    const body = { email: `${crypto.randomUUID()}@x.test`, password: "correct horse", name };
    const [answer] = await ask(JSON.stringify(body).padEnd(1_000));
    expect(answer.statusCode).to.equal(201);
    expect(JSON.parse(await text(answer)).name).to.equal(name);
    const [other] = await ask("x".repeat(5_000));
    expect([other.statusCode, JSON.parse(await text(other)).code]).to.deep.equal([
      400,
      "MALFORMED_BODY",
    ]);
    // All of it was given back, and no more.
    const statusOf = async (size: number) =>
      (await api.ask("POST", "/v1/users", { body: `"${"x".repeat(size)}"` })).status;
    expect([await statusOf(39_000), await statusOf(40_000)]).to.deep.equal([400, 503]);
  });
});
