import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { REASONS } from "@tessera/proto/reasons";
import { ServiceError } from "@tessera/service-kit/service-error";
import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import { problemOf } from "../src/http/problem.ts";
import { useApp } from "./use-app.ts";

describe("what every answer is like", () => {
  const api = useApp();
  let token: string;
  before(async () => {
    token = await api.token();
  });
  const signUp = { email: "x@x.test", password: "correct horse", name: "X" };

  it("carries the client's request id, or a new one when that is not safe", async () => {
    for (const [sent, isKept] of [
      ["abc-1.2_Z", true],
      ["x".repeat(128), true],
      ["x".repeat(129), false],
      ["a b", false],
      ["a\tb", false],
      ["<script>", false],
    ] as const) {
      const { headers } = await api.ask("GET", "/nowhere", { headers: { "x-request-id": sent } });
      expect(headers.get("x-request-id") === sent, sent).to.equal(isKept);
    }
  });

  it("has the headers that keep browsers safe, and says nothing about what runs here", async () => {
    const { headers } = await api.ask("GET", "/v1/events");
    expect(headers.get("x-content-type-options")).to.equal("nosniff");
    expect(headers.get("content-security-policy")).to.include("default-src 'none'");
    expect(headers.get("strict-transport-security")).to.include("max-age");
    expect(headers.get("x-powered-by")).to.equal(null);
    expect(headers.get("access-control-allow-origin")).to.equal(null);
  });

  it("answers problems of one shape", async () => {
    const { status, headers, body } = await api.ask("GET", "/nowhere?secret=1");
    expect(status).to.equal(404);
    expect(headers.get("content-type")).to.include("application/problem+json");
    expect(body).to.deep.equal({
      type: "/docs/problems#route-not-found",
      title: "No such route",
      status: 404,
      detail: "there is nothing at this address",
      code: "ROUTE_NOT_FOUND",
      retryable: false,
      requestId: headers.get("x-request-id"),
    });
  });

  it("answers every reason of the catalogue with its status", () => {
    for (const [reason, { status }] of Object.entries(REASONS)) {
      const problem = problemOf(new ServiceError(reason as keyof typeof REASONS, "because"), "r");
      expect(problem).to.include({ code: reason, status, requestId: "r" });
    }
  });

  for (const [method, path, allow] of [
    ["PUT", "/v1/events", "GET, HEAD, POST, OPTIONS"],
    ["DELETE", "/v1/reservations", "POST, GET, HEAD, OPTIONS"],
    ["GET", "/v1/sessions", "POST, OPTIONS"],
    ["POST", "/docs", "GET, HEAD, OPTIONS"],
    ["PATCH", "/v1/users/me", "GET, HEAD, OPTIONS"],
  ] as const) {
    it(`does not ${method} ${path}`, async () => {
      const { status, headers, body } = await api.ask(method, path);
      expect([status, body.code]).to.deep.equal([405, "METHOD_NOT_ALLOWED"]);
      expect(headers.get("allow")).to.equal(allow);
      const options = await api.ask("OPTIONS", path);
      expect([options.status, options.headers.get("allow")]).to.deep.equal([204, allow]);
    });
  }

  it("answers HEAD like GET, without a body", async () => {
    const { status, body } = await api.ask("HEAD", "/v1/reservations", { token });
    expect([status, body]).to.deep.equal([200, ""]);
  });

  for (const body of ["{", "", "{'a':1}", "\u0000", '"text"', "[]", "null", "7"]) {
    it(`refuses the body ${JSON.stringify(body)}`, async () => {
      const answer = await api.ask("POST", "/v1/users", { body });
      expect([answer.status, answer.body.code]).to.deep.equal([400, "MALFORMED_BODY"]);
      expect(answer.body).not.to.have.property("stack");
    });
  }

  it("refuses a body that is too large", async () => {
    const body = { ...signUp, name: "x".repeat(64 * 1024) };
    const answer = await api.ask("POST", "/v1/users", { body });
    expect([answer.status, answer.body.code]).to.deep.equal([413, "BODY_TOO_LARGE"]);
  });

  for (const headers of [
    { "content-type": "text/plain" },
    { "content-type": "application/x-www-form-urlencoded" },
    { "content-type": "application/jsonp" },
    { "content-type": "" },
    { "content-type": "application/json; charset=latin1" },
    { "content-encoding": "gzip" },
  ]) {
    it(`refuses a body with ${JSON.stringify(headers)}`, async () => {
      const answer = await api.ask("POST", "/v1/users", { body: signUp, headers });
      expect([answer.status, answer.body.code]).to.deep.equal([415, "UNSUPPORTED_MEDIA_TYPE"]);
    });
  }

  it("takes JSON by its other names", async () => {
    for (const type of [
      "application/json; charset=UTF-8",
      'application/json; charset="utf-8"',
      "Application/merge-patch+json",
    ]) {
      const headers = { "content-type": type };
      const body = { ...signUp, email: `${crypto.randomUUID()}@x.test` };
      expect((await api.ask("POST", "/v1/users", { body, headers })).status).to.equal(201);
    }
  });

  it("knows an address by its letters, each of them", async () => {
    for (const path of ["/V1/events", "/v1/events/", "/v1/Events"]) {
      const { status, body } = await api.ask("GET", path);
      expect([path, status, body.code]).to.deep.equal([path, 404, "ROUTE_NOT_FOUND"]);
    }
  });

  it("overlooks no parameter of an address, however many there are", async () => {
    const many = Array.from({ length: 1_000 }, () => "limit=1").join("&");
    const { status, body } = await api.ask("GET", `/v1/events?${many}&last=1`);
    expect([status, body.code]).to.deep.equal([400, "INVALID_FIELD"]);
    const known = Array.from({ length: 1_001 }, (_one, index) => `a${index}=`).join("&");
    expect((await api.ask("GET", `/v1/events?${known}`)).status).to.equal(400);
  });

  it("tells an unknown property by its beginning", async () => {
    const name = "x".repeat(60_000);
    const answer = await api.ask("POST", "/v1/users", { body: { ...signUp, [name]: 1 } });
    expect([answer.status, answer.body.code]).to.deep.equal([400, "INVALID_FIELD"]);
    expect(JSON.stringify(answer.body).length).to.be.below(1_000);
  });

  it("tells an unknown parameter by its beginning", async () => {
    const { status, body } = await api.ask("GET", `/v1/events?${"x".repeat(3_000)}=1`);
    expect([status, body.code]).to.deep.equal([400, "INVALID_FIELD"]);
    expect(JSON.stringify(body).length).to.be.below(1_000);
  });

  it("refuses an address that is not well-formed", async () => {
    const { status, body } = await api.ask("GET", "/v1/events/%ff");
    expect([status, body.code]).to.deep.equal([400, "MALFORMED_REQUEST"]);
  });

  it("lives on when a client leaves in the middle of its body", async () => {
    const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
    const head = [
      "POST /v1/users HTTP/1.1",
      "Host: x",
      "X-Request-Id: leaves",
      "Content-Type: application/json",
      "Content-Length: 500",
    ];
    const arrival = once(api.server, "request");
    socket.write(`${head.join("\r\n")}\r\n\r\n{"email":`);
    await arrival;
    socket.destroy();
    await untilTrue(() => api.lines.some(({ requestId }) => requestId === "leaves"));
    const line = api.lines.find(({ requestId }) => requestId === "leaves");
    expect(line).to.include({ status: 499, code: "CANCELLED" });
    expect((await api.ask("GET", "/v1/events")).status).to.equal(200);
  });

  it("writes one line a request", async () => {
    api.lines.splice(0);
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const userId = crypto.randomUUID();
    const { headers } = await api.ask("GET", `/v1/reservations/${crypto.randomUUID()}`, {
      token: await api.token({ userId }),
      headers: { traceparent },
    });
    await untilTrue(() => api.lines.length > 0);
    expect(api.lines).to.have.length(1);
    expect(api.lines[0]).to.deep.include({
      requestId: headers.get("x-request-id"),
      traceId: "0af7651916cd43dd8448eb211c80319c",
      method: "GET",
      route: "/v1/reservations/:id",
      status: 404,
      code: "RESERVATION_NOT_FOUND",
      userId,
    });
    expect(api.lines[0]?.durationMs).to.be.a("number");
  });

  it("replaces a trace context that is not valid", async () => {
    for (const traceparent of ["00-0-0-00", `00-${"0".repeat(32)}-${"1".repeat(16)}-00`]) {
      await api.ask("GET", "/v1/events", { headers: { traceparent } });
      const sent = api.services.callsOf("listEvents").at(-1)?.headers.get("traceparent");
      expect(sent).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
      expect(sent).not.equal(traceparent);
    }
  });

  it("counts requests by route, never by address", async () => {
    await api.ask("GET", `/v1/events/${crypto.randomUUID()}`);
    await api.ask("GET", "/nowhere/1");
    const metrics = await api.registry.metrics();
    expect(metrics).to.match(
      /http_server_requests_total\{method="GET",route="\/v1\/events\/:id",status="404",code="EVENT_NOT_FOUND"\} [1-9]/,
    );
    expect(metrics).to.match(/request_duration_seconds_count\{method="GET",route="unmatched",/);
    expect(metrics).to.match(/tessera_token_cache_size [1-9]/);
    expect(metrics).not.to.include("/nowhere");
  });

  it("asks clients to go elsewhere while it stops", async () => {
    api.isStopping = true;
    const asked = request(`${api.url}/v1/events`, { headers: { connection: "keep-alive" } }).end();
    const [response] = await once(asked, "response");
    response.resume();
    api.isStopping = false;
    expect(response.headers.connection).to.equal("close");
  });
});

describe("pages of other origins", () => {
  const origin = "https://shop.test";
  const api = useApp({ corsOrigins: [origin] });

  it("may call when they are listed, and read what they need", async () => {
    const { headers } = await api.ask("GET", "/v1/events", { headers: { origin } });
    expect(headers.get("access-control-allow-origin")).to.equal(origin);
    expect(headers.get("vary")).to.include("Origin");
    const exposed = headers.get("access-control-expose-headers")?.split(",");
    // What a repeat's countdown begins at is in no body.
    expect(exposed).to.include.members(["Idempotent-Replayed", "Date"]);
    expect(headers.get("date")).to.be.a("string");
    const preflight = await api.ask("OPTIONS", "/v1/reservations", {
      headers: { origin, "access-control-request-method": "POST" },
    });
    expect(preflight.status).to.equal(204);
    expect(preflight.headers.get("access-control-allow-headers")).to.include("Idempotency-Key");
    for (const name of ["x-request-id", "allow", "x-content-type-options"]) {
      expect(preflight.headers.get(name), name).to.be.a("string");
    }
    const nowhere = await api.ask("OPTIONS", "/v1/nothing", { headers: { origin } });
    expect([nowhere.status, nowhere.body.code]).to.deep.equal([404, "ROUTE_NOT_FOUND"]);
  });

  it("may read problems, too", async () => {
    const { headers, status } = await api.ask("GET", "/v1/users/me", { headers: { origin } });
    expect([status, headers.get("access-control-allow-origin")]).to.deep.equal([401, origin]);
  });

  it("may not when they are not", async () => {
    const { headers } = await api.ask("GET", "/v1/events", {
      headers: { origin: "https://evil.test" },
    });
    expect(headers.get("access-control-allow-origin")).to.equal(null);
  });
});
