import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { HttpPort } from "@tessera/service-kit/http-port";
import { expect } from "chai";
import pino from "pino";
import { openSocket, readAll, sendRaw, statusesIn } from "../../test/security/raw-http.ts";
import { answerBroken } from "../src/http/broken-request.ts";
import { useApp } from "./use-app.ts";

const HEAD = "POST /v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";

describe("a request that does not come to its end", () => {
  const api = useApp();
  let port: HttpPort;
  before(async () => {
    port = await HttpPort.open(api.app, 0, {
      bounds: { headMs: 100, wholeMs: 100, lookEveryMs: 10 },
      onBroken: answerBroken(pino({ enabled: false }), api.registry),
    });
  });
  after(() => port.close(0));

  /** The problem in an answer, and the id that its head has. */
  function problemIn(answered: string) {
    const [head = "", body = "{}"] = answered.split("\r\n\r\n");
    const problem = JSON.parse(body);
    expect(head).to.contain(`X-Request-Id: ${problem.requestId}`);
    expect(head).to.match(/^Connection: close$/m);
    return { status: Number(head.split(" ")[1]), code: problem.code };
  }

  async function counted(status: number, code: string): Promise<number> {
    const lines = (await api.registry.metrics()).split("\n");
    return lines
      .filter((line) => line.startsWith("http_server_requests_total{"))
      .filter((line) => line.includes(`status="${status}"`) && line.includes(`code="${code}"`))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  }

  for (const [what, text] of [
    ["its head", HEAD],
    ["its body", `${HEAD}Content-Length: 100\r\n\r\n{`],
  ] as const) {
    it(`is told so when ${what} takes too long`, async () => {
      const before = await counted(408, "REQUEST_TIMEOUT");
      const answered = await sendRaw(port.port, text);
      expect(problemIn(answered)).to.deep.equal({ status: 408, code: "REQUEST_TIMEOUT" });
      expect(answered).to.match(/^Retry-After: 1\r$/m);
      expect(await counted(408, "REQUEST_TIMEOUT")).to.equal(before + 1);
    });
  }

  it("is told so when it is a CONNECT, which is for proxies", async () => {
    const before = await counted(400, "MALFORMED_REQUEST");
    const answered = await sendRaw(
      port.port,
      "CONNECT x.test:443 HTTP/1.1\r\nHost: x.test\r\n\r\n",
    );
    expect(problemIn(answered)).to.deep.equal({ status: 400, code: "MALFORMED_REQUEST" });
    expect(await counted(400, "MALFORMED_REQUEST")).to.equal(before + 1);
    // Neither whoever hangs up at once nor one that comes behind a request does any harm.
    const socket = await openSocket(port.port);
    socket.write("CONNECT x.test:443 HTTP/1.1\r\n\r\n", () => socket.resetAndDestroy());
    const behind = `GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\nCONNECT x.test:443 HTTP/1.1\r\n\r\n`;
    expect(statusesIn(await sendRaw(port.port, behind))).not.to.include(400);
    expect(await counted(500, "INTERNAL")).to.equal(0);
  });

  it("is told so when its body is cut off", async () => {
    const before = await counted(400, "MALFORMED_REQUEST");
    const socket = await openSocket(port.port);
    const answered = readAll(socket);
    socket.end(`${HEAD}Content-Length: 100\r\n\r\n{`);
    expect(problemIn(await answered)).to.deep.equal({ status: 400, code: "MALFORMED_REQUEST" });
    expect(await counted(400, "MALFORMED_REQUEST")).to.equal(before + 1);
  });

  it("is told so when it has two Idempotency-Keys, which are none together", async () => {
    const head = HEAD.replace("/v1/users", "/v1/reservations");
    const keys = "Idempotency-Key: a\r\nIdempotency-Key: b\r\n";
    const token = `Authorization: Bearer ${await api.token()}\r\nConnection: close\r\n`;
    const body = JSON.stringify({ eventId: randomUUID(), items: [] });
    const answered = await sendRaw(
      port.port,
      `${head}${keys}${token}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(answered).to.contain("Idempotency-Key must be given once");
  });

  for (const [what, rest] of [
    ["never comes", "Content-Length: 100\r\n\r\n"],
    ["stops", "Content-Length: 100\r\n\r\n{"],
    ["is none", "Transfer-Encoding: chunked\r\n\r\nZZ\r\n"],
  ] as const) {
    it(`is not answered twice when its answer is out and its body ${what}`, async () => {
      const counts = () =>
        Promise.all([counted(408, "REQUEST_TIMEOUT"), counted(400, "MALFORMED_REQUEST")]);
      const before = await counts();
      const socket = await openSocket(port.port);
      const answered = readAll(socket);
      const [head, body] = rest.split(/(?<=\r\n\r\n)/);
      // Without a token.
      socket.write(HEAD.replace("/v1/users", "/v1/reservations") + head);
      await once(socket, "data");
      socket.write(body ?? "");
      expect(statusesIn(await answered)).to.deep.equal([401]);
      expect(await counts()).to.deep.equal(before);
    });
  }

  it("is no answer to the request before it, which may be done by now", async () => {
    const socket = await openSocket(port.port);
    const answered = readAll(socket);
    const email = `${randomUUID()}@x.test`;
    const body = JSON.stringify({ email, password: "correct horse", name: "Ann" });
    api.services.before.set("createUser", async (signal) => {
      const ended = once(socket, "close");
      socket.write("}");
      await Promise.race([ended, once(signal, "abort")]);
      api.services.before.clear();
    });
    socket.write(`${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`);
    expect(await answered).to.equal("");
  });

  it("is told so when a chunk of it is none", async () => {
    const answered = await sendRaw(port.port, `${HEAD}Transfer-Encoding: chunked\r\n\r\nZZ\r\n`);
    expect(problemIn(answered)).to.deep.equal({ status: 400, code: "MALFORMED_REQUEST" });
  });
});
