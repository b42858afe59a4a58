import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { Code, ConnectError } from "@connectrpc/connect";
import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import type { Answered } from "./use-app.ts";
import { entriesOf, eventId, holdBack, ticketTypeId, useShop } from "./use-shop.ts";

describe("combining", () => {
  const { api, reserve } = useShop({ reserveMaxInFlight: 1, reserveMaxBatch: 50 });
  beforeEach(() => void api.services.calls.splice(0));

  it("makes few calls of many requests, and gives each its own answer", async () => {
    const held = holdBack(api);
    const first = reserve();
    await untilTrue(() => held.arrived() === 1);
    // The third of them wishes what does not exist, and fails alone.
    const strange = crypto.randomUUID();
    const rest = Array.from({ length: 120 }, (_none, index) =>
      index === 2 ? reserve(strange) : reserve(),
    );
    await untilTrue(async () => /queue_depth.* 120\n/.test(await api.registry.metrics()));
    held.release();
    const answers = await Promise.all([first, ...rest]);
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).to.have.length(120);
    expect(answers[3]?.body.code).to.equal("TICKET_TYPE_NOT_FOUND");
    expect(entriesOf(api).map(({ length }) => length)).to.deep.equal([1, 50, 50, 20]);
    expect(new Set(answers.map(({ body }) => body.id)).size).to.equal(121);
  });

  it("names the call in the log lines of the requests it served", async () => {
    api.services.reservations.stock.set(ticketTypeId, 100);
    const { headers } = await reserve();
    const call = api.services.callsOf("batchCreateReservations")[0];
    const line = api.lines.find(({ requestId }) => requestId === headers.get("x-request-id"));
    expect(line?.rpcRequestId).to.equal(call?.headers.get("x-request-id"));
    expect(line?.rpcRequestId).not.equal(line?.requestId);
    expect(call?.headers.get("traceparent")).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(line?.rpcTraceId).to.equal(call?.headers.get("traceparent")?.slice(3, 35));
  });

  it("does not send the wish of a buyer who has gone", async () => {
    const held = holdBack(api);
    const first = reserve();
    await untilTrue(() => held.arrived() === 1);
    const gone = request(`${api.url}/v1/reservations`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${await api.token()}`,
        "idempotency-key": "gone",
        "content-type": "application/json",
        "x-request-id": "gone",
      },
    });
    gone.on("error", () => {});
    gone.end(JSON.stringify({ eventId, items: [{ ticketTypeId, quantity: 1 }] }));
    const stays = reserve();
    await untilTrue(async () => /queue_depth.* 2\n/.test(await api.registry.metrics()));
    gone.destroy();
    await untilTrue(() => api.lines.some(({ requestId }) => requestId === "gone"));
    held.release();
    expect([(await first).status, (await stays).status]).to.deep.equal([201, 201]);
    expect(entriesOf(api).flat()).to.have.length(2);
    const line = api.lines.find(({ requestId }) => requestId === "gone");
    expect(line).to.include({ status: 499, code: "CANCELLED" });
  });

  it("tells nobody about a service's bug", async () => {
    api.services.before.set("batchCreateReservations", () => {
      throw new ConnectError("half an answer", Code.Unknown);
    });
    const { status, body } = await reserve();
    api.services.before.clear();
    expect([status, body.code]).to.deep.equal([500, "INTERNAL"]);
    expect(JSON.stringify(body)).not.to.include("half");
    expect(api.lines.at(-1)).to.include({ level: 50, code: "INTERNAL", msg: "request" });
  });
});

describe("an overloaded BFF", () => {
  const { api, reserve } = useShop({
    reserveMaxInFlight: 1,
    reserveMaxBatch: 1,
    reserveMaxQueue: 3,
  });

  it("refuses early what it has no room for", async () => {
    const held = holdBack(api);
    const first = reserve();
    await untilTrue(() => held.arrived() === 1);
    const rest = Array.from({ length: 10 }, () => reserve());
    const refused: Answered[] = [];
    for (const answer of rest) {
      void answer.then((answered) => refused.push(answered));
    }
    await untilTrue(() => refused.length === 7);
    for (const { status, headers, body } of refused) {
      expect([status, body.code, headers.get("retry-after")]).to.deep.equal([
        503,
        "OVERLOADED",
        "1",
      ]);
    }
    held.release();
    const statuses = (await Promise.all([first, ...rest])).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).to.have.length(4);
    expect(statuses.filter((status) => status === 503)).to.have.length(7);
  });
});

describe("a BFF with slow reads", () => {
  const { api } = useShop({ readMaxLoads: 1, rpcTimeoutMs: 200 });
  afterEach(() => api.services.before.clear());

  it("refuses early whom it could not answer in time", async () => {
    const token = await api.token();
    const list = (as = token) => api.ask("GET", "/v1/reservations", { token: as });
    api.services.before.set("batchListReservations", (signal) => once(signal, "abort"));
    const first = list();
    await untilTrue(() => api.services.callsOf("batchListReservations").length === 1);
    const underWay = () => api.registry.getSingleMetricAsString("tessera_reads_in_flight");
    expect(await underWay()).to.include('{kind="reservations"} 1');
    const { status, body, headers } = await list(await api.token());
    const refusal = [status, body.code, headers.get("retry-after")];
    expect(refusal).to.deep.equal([503, "OVERLOADED", "1"]);
    // What is slow of one kind is no reason to refuse another.
    const id = "0190a5c8-7b1e-7c3d-8f00-0123456789ab";
    expect((await api.ask("GET", `/v1/reservations/${id}`, { token })).status).to.equal(404);
    expect((await first).status).to.equal(504);
    expect(api.services.callsOf("batchListReservations")).to.have.length(1);
    api.services.before.clear();
    expect((await list()).status).to.equal(200);
    expect(await underWay()).to.include('{kind="reservations"} 0');
  });
});

describe("a service that is slow or away", () => {
  const { api, reserve, tokenOf } = useShop({ rpcTimeoutMs: 200, reserveMaxInFlight: 1 });
  const hang = (signal: AbortSignal) => once(signal, "abort");
  afterEach(() => api.services.before.clear());

  it("answers 504 when the deadline passes", async () => {
    for (const method of ["batchCreateReservations", "batchListReservations", "listEvents"]) {
      api.services.before.set(method, hang);
    }
    const token = tokenOf();
    for (const answer of [
      await reserve(),
      await api.ask("GET", "/v1/reservations", { token }),
      await api.ask("GET", "/v1/events"),
    ]) {
      expect([answer.status, answer.body.code]).to.deep.equal([504, "DEADLINE_EXCEEDED"]);
      expect(answer.headers.get("retry-after")).to.equal("1");
    }
  });

  it("does not send what waited too long", async () => {
    api.services.before.set("batchCreateReservations", hang);
    api.services.calls.splice(0);
    const first = reserve();
    await untilTrue(() => entriesOf(api).length === 1);
    const late = reserve();
    expect((await first).status).to.equal(504);
    // At its own deadline, or as soon as the first call has shown that there is no time for another.
    expect((await late).status).to.be.oneOf([503, 504]);
    expect(entriesOf(api)).to.have.length(1);
  });

  it("counts no time for which the body was on its way", async () => {
    const slow = request(`${api.url}/v1/reservations`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${tokenOf()}`,
        "idempotency-key": crypto.randomUUID(),
        "content-type": "application/json",
      },
    });
    slow.flushHeaders();
    const sendTime = performance.now();
    await untilTrue(() => performance.now() - sendTime > 300);
    slow.end(JSON.stringify({ eventId, items: [{ ticketTypeId, quantity: 1 }] }));
    const [answer] = (await once(slow, "response")) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).to.equal(201);
  });

  it("answers 503 when it is not there", async () => {
    for (const method of ["batchCreateReservations", "getUser", "batchGetEvents"]) {
      api.services.before.set(method, () => {
        throw new ConnectError("no connection", Code.Unavailable);
      });
    }
    const token = tokenOf();
    for (const answer of [
      await reserve(),
      await api.ask("GET", "/v1/users/me", { token }),
      await api.ask("GET", `/v1/events/${eventId}`),
    ]) {
      expect([answer.status, answer.body.code]).to.deep.equal([503, "DEPENDENCY_UNAVAILABLE"]);
      expect(answer.headers.get("retry-after")).to.equal("1");
      expect(answer.body.retryable).to.equal(true);
    }
  });
});
