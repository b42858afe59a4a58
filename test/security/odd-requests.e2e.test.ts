import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { SERVICES } from "@tessera/testkit/services";
import { expect } from "chai";
import { newBuyer, signIn } from "../market.ts";
import { call } from "../rest.ts";
import { useSharedSystem } from "../shared-system.ts";
import { adminUrl } from "../watch.ts";
import { aliveCheck } from "./fuzz-settings.ts";
import { operations } from "./operations.ts";
import { openSocket, readAll, sendRaw, statusesIn } from "./raw-http.ts";

const KEEP = "Host: x\r\n";
const CLOSE = `${KEEP}Connection: close\r\n`;
const SECOND = `GET /v1/users/me HTTP/1.1\r\n${CLOSE}\r\n`;
const JSON_TYPE = "Content-Type: application/json\r\n";

/** Whoever reads these in another way than we do sees another request behind the first. */
const SMUGGLED: Readonly<Record<string, string>> = {
  "a length and chunks": `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "chunks and a length": `Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
  "two lengths": "Content-Length: 0\r\nContent-Length: 44\r\n\r\n",
  "a list of lengths": "Content-Length: 0, 44\r\n\r\n",
  "a signed length": "Content-Length: +0\r\n\r\n",
  "a length that wraps around": "Content-Length: 18446744073709551616\r\n\r\n",
  "a coding before the colon": "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
  "a coding on a folded line": "Transfer-Encoding:\r\n chunked\r\nX: y\r\n\r\n0\r\n\r\n",
  "a chunk that is no number": "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
  "a chunk that wraps around": "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n",
  "a chunk that ends in a bare line feed": "Transfer-Encoding: chunked\r\n\r\n0\n\n",
  "chunked, and then more codings": "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
  "a bare carriage return in a header": "X: a\rContent-Length: 0\r\n\r\n",
  "a bare line feed after a header": "X: a\nContent-Length: 0\r\n\r\n",
  "a null in a header": "X: a\u0000b\r\n\r\n",
  "a header without a name": ": x\r\n\r\n",
};

/** Requests that nobody needs, and what may be said to them; each ends its connection. */
const ODD: Readonly<Record<string, readonly [request: string, ...statuses: number[]]>> = {
  TRACE: [`TRACE /v1/events HTTP/1.1\r\n${CLOSE}\r\n`, 405],
  "CONNECT to a host": [`CONNECT evil.test:443 HTTP/1.1\r\n${CLOSE}\r\n`, 400],
  "CONNECT to a route": [`CONNECT /v1/events HTTP/1.1\r\n${CLOSE}\r\n`, 400],
  PURGE: [`PURGE /v1/events HTTP/1.1\r\n${CLOSE}\r\n`, 405],
  "no method at all": [`BREW /v1/events HTTP/1.1\r\n${CLOSE}\r\n`, 400],
  "another protocol": ["\u0016\u0003\u0001\u0002\u0000\u0001\u0000", 400],
  "HTTP/2 without being asked": ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  "HTTP/9.9": [`GET /v1/events HTTP/9.9\r\n${CLOSE}\r\n`, 400],
  "no host": ["GET /v1/events HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
  "an empty host": ["GET /v1/events HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", 400],
  "two hosts": [`GET /v1/events HTTP/1.1\r\nHost: y\r\n${CLOSE}\r\n`, 400],
  "one host, said twice": [`GET /v1/events HTTP/1.1\r\n${CLOSE}Host: x\r\n\r\n`, 400],
  "a host with a path": ["GET /v1/events HTTP/1.1\r\nHost: x/y\r\nConnection: close\r\n\r\n", 400],
  "a host that is no text": ["GET /v1/events HTTP/1.0\r\nHost: \u00e9\u0080\r\n\r\n", 400],
  "chunks of another coding": [
    `POST /v1/users HTTP/1.1\r\n${KEEP}${JSON_TYPE}` +
      `Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${SECOND}`,
    400,
  ],
  "an address with a space": [`GET /v1/ events HTTP/1.1\r\n${CLOSE}\r\n`, 400],
  "the whole server": [`OPTIONS * HTTP/1.1\r\n${CLOSE}\r\n`, 404],
  "an address of its own": [`GET http://evil.test/v1/nothing HTTP/1.1\r\n${CLOSE}\r\n`, 404],
  "no path": [`GET ? HTTP/1.1\r\n${CLOSE}\r\n`, 400],
  "two slashes": [`GET //evil.test/%2f.. HTTP/1.1\r\n${CLOSE}\r\n`, 404],
  "a long address": [`GET /v1/events?q=${"a".repeat(8_000)} HTTP/1.1\r\n${CLOSE}\r\n`, 400],
  "an endless address": [`GET /${"a".repeat(20_000)} HTTP/1.1\r\n${CLOSE}\r\n`, 431],
  "3,000 headers": [`GET / HTTP/1.1\r\n${CLOSE}${"a: b\r\n".repeat(3_000)}\r\n`, 431],
  "an expectation that is none": [`GET / HTTP/1.1\r\n${CLOSE}Expect: 200-ok\r\n\r\n`, 404],
  "a WebSocket": [
    `GET /v1/nothing HTTP/1.1\r\n${KEEP}Connection: Upgrade, close\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    404,
  ],
  "HTTP/2, by an upgrade": [
    `GET /v1/nothing HTTP/1.1\r\n${KEEP}Connection: Upgrade, HTTP2-Settings, close\r\n` +
      `Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
    404,
  ],
  "requests behind each other": [
    `GET /v1/nothing HTTP/1.1\r\n${KEEP}\r\n`.repeat(3) + SECOND,
    404,
    404,
    404,
    401,
  ],
};

describe("requests that no client of ours would send", () => {
  const system = useSharedSystem();
  const port = () => Number(new URL(system.bffUrl()).port);
  let checkAlive: () => void;
  let token: string;
  before(async () => {
    checkAlive = aliveCheck(system);
    token = await signIn(system.bffUrl());
  });
  afterEach(async () => {
    checkAlive();
    expect((await call(`${system.bffUrl()}/v1/events`)).status).to.equal(200);
  });

  it("smuggle no second request past whoever reads them first", async () => {
    const ports = [port(), ...SERVICES.map((name) => adminPort(name))];
    for (const [what, rest] of Object.entries(SMUGGLED)) {
      for (const one of ports) {
        const head = `POST /v1/users HTTP/1.1\r\n${KEEP}${JSON_TYPE}`;
        const answered = await sendRaw(one, head + rest + SECOND);
        const [status, ...more] = statusesIn(answered);
        // Whoever serves nothing at this address may say so before the body.
        expect([what, status, more]).to.deep.equal([what, one === port() ? 400 : status, []]);
        expect(status, what).to.be.within(400, 499);
        if (one === port()) {
          expectProblems(what, answered);
        }
      }
    }
  });

  for (const [what, [request, ...statuses]] of Object.entries(ODD)) {
    it(`are refused: ${what}`, async () => {
      const answered = await sendRaw(port(), request);
      expect(statusesIn(answered)).to.deep.equal(statuses);
      expect(answered).not.to.match(/node_modules|\.ts:\d|evil\.test/);
      expectProblems(what, answered);
    });
  }

  it("are cut short when their body is too large, whether they say how large it is or not", async () => {
    const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
    const head = `POST /v1/users HTTP/1.1\r\n${CLOSE}${JSON_TYPE}`;
    const chunked = await sendRaw(
      port(),
      `${head}Transfer-Encoding: chunked\r\n\r\n`,
      chunk,
      chunk,
    );
    expect(statusesIn(chunked)).to.deep.equal([413]);
    const said = await sendRaw(port(), `${head}Content-Length: 99999999999\r\n\r\n{`);
    expect(statusesIn(said)).to.deep.equal([413]);
    const asked = await sendRaw(
      port(),
      `${head}Expect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n`,
    );
    expect(statusesIn(asked)).to.deep.equal([100, 413]);
  });

  it("are refused when their bytes are no text, instead of being mended", async () => {
    const body = '{"email":"a@b","password":"0123456789","name":"Andr\u00e9"}';
    const head = `POST /v1/users HTTP/1.1\r\n${CLOSE}${JSON_TYPE}Content-Length: ${body.length}`;
    // In Latin-1, as the rest of the request.
    const answered = await sendRaw(port(), `${head}\r\n\r\n${body}`);
    expect(statusesIn(answered)).to.deep.equal([400]);
    expect(answered).to.contain("MALFORMED_BODY");
  });

  it("are refused when their JSON is deep, wide, huge or says a thing twice", async () => {
    const wide = Array.from({ length: 5_000 }, (_unused, index) => `"k${index}":1`).join(",");
    const bodies: Readonly<Record<string, string>> = {
      deep: `{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}`,
      deeper: `{"a":[${`{"a":`.repeat(10_000)}1${"}".repeat(10_000)}]}`,
      wide: `{${wide}}`,
      huge: `{"quantity":${"9".repeat(60_000)},"a":1e999999999,"b":-1e-999999999}`,
      twice: `{"a":1,"a":{"a":2}}`,
      marked: '\ufeff{"a":1}',
    };
    const { token: buyer } = await newBuyer(system.bffUrl());
    for (const { method, path, body, name } of operations()) {
      for (const [what, text] of body === undefined ? [] : Object.entries(bodies)) {
        const isOrganisers = path.startsWith("/v1/events") && !path.includes("queue");
        const answer = await call(system.bffUrl() + path.replaceAll(/\{\w+\}/g, randomUUID()), {
          // Of the methods that take a body.
          method: method === "PATCH" ? "PATCH" : "POST",
          body: text,
          token: isOrganisers ? token : buyer,
          key: randomUUID(),
        });
        expect([name, what, answer.status]).to.deep.equal([name, what, 400]);
        expect(answer.text.length, `${name} ${what}`).to.be.lessThan(8_000);
      }
    }
  });

  it("are refused by the services' Connect ports when they are bombs", async () => {
    const zeros = Buffer.alloc(5 * 1024 * 1024);
    const bodies: readonly [what: string, body: Buffer, coding?: string][] = [
      ["too large", zeros],
      ["a compressed bomb", gzipSync(zeros), "gzip"],
      ["deep", Buffer.from(`{"a":${"[".repeat(1_000_000)}`)],
      ["not compressed at all", Buffer.from("{}"), "gzip"],
    ];
    const url = `${adminUrl(system.processes["inventory-svc"][0])}/${InventoryService.typeName}`;
    for (const [what, body, coding] of bodies) {
      const response = await fetch(`${url}/GetEvent`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(coding === undefined ? {} : { "content-encoding": coding }),
        },
        body: new Uint8Array(body),
      });
      const text = await response.text();
      expect(response.status, `${what}: ${text}`).to.be.within(400, 499);
    }
  });

  it("keep nobody waiting while they dribble in", async () => {
    const slow = await Promise.all(
      Array.from({ length: 200 }, async (_unused, index) => {
        const socket = await openSocket(port());
        const head = `POST /v1/users HTTP/1.1\r\n${KEEP}${JSON_TYPE}`;
        socket.write(index % 2 === 0 ? head : `${head}Content-Length: 100\r\n\r\n{`);
        return socket;
      }),
    );
    expect((await newBuyer(system.bffUrl())).token).to.be.a("string");
    for (const socket of slow) {
      expect(socket.destroyed).to.equal(false);
      socket.destroy();
    }
  });

  it("may leave in the middle of anything", async () => {
    const head = `POST /v1/users HTTP/1.1\r\n${KEEP}${JSON_TYPE}Content-Length: 40\r\n\r\n`;
    for (const cut of [1, 10, head.length - 1, head.length]) {
      const socket = await openSocket(port());
      socket.write(head.slice(0, cut));
      socket.end();
      await readAll(socket);
      (await openSocket(port())).resetAndDestroy();
    }
  });

  function adminPort(name: (typeof SERVICES)[number]): number {
    return Number(new URL(adminUrl(system.processes[name][0])).port);
  }
});

/** Also what is no request is refused like any other, with a problem and an id. */
function expectProblems(what: string, answered: string): void {
  const refusals = statusesIn(answered).filter((status) => status >= 400).length;
  for (const line of [/^Content-Type: application\/problem\+json/gim, /^X-Request-Id: \S/gim]) {
    expect(answered.match(line)?.length ?? 0, `${what}: ${line}`).to.equal(refusals);
  }
}
