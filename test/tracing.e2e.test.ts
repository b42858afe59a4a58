import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { ATTRIBUTE_NAMES } from "@tessera/service-kit/span";
import { useSystem } from "@tessera/testkit/processes";
import { SERVICES, type ServiceName } from "@tessera/testkit/services";
import { type ExportedSpan, TraceCollector } from "@tessera/testkit/trace-collector";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { type Buyer, createEvent, newBuyer, type SaleEvent } from "./market.ts";
import { type Answer, call } from "./rest.ts";
import { TEST_ENV } from "./test-env.ts";

/** A trace that a client has begun. */
function newTrace() {
  const traceId = randomBytes(16).toString("hex");
  const spanId = randomBytes(8).toString("hex");
  // A client that does not record its part, and could not make us record ours.
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-00` } };
}

/** Lets all processes export to a collector, and the BFF record every request. */
function useCollector(env: Record<ServiceName, Record<string, string>>) {
  const opened = {} as { collector: TraceCollector };
  before(async () => {
    opened.collector = await TraceCollector.open();
    for (const service of SERVICES) {
      env[service].OTEL_EXPORTER_OTLP_ENDPOINT = opened.collector.url;
    }
    env.bff.OTEL_TRACES_SAMPLER = "always_on";
  });
  after(() => opened.collector.close());
  return opened;
}

describe("traces through all four processes", () => {
  const env: Record<ServiceName, Record<string, string>> = structuredClone(TEST_ENV);
  const opened = useCollector(env);
  const system = useSystem({ env });
  const url = () => system.bffUrl();
  let collector: TraceCollector;
  let buyer: Buyer;
  let event: SaleEvent;
  before(async () => {
    ({ collector } = opened);
    buyer = await newBuyer(url());
    event = await createEvent(url(), [1_000], { maxPerUser: 1_000 });
  });

  const reserve = (headers: Readonly<Record<string, string>>): Promise<Answer> =>
    call(`${url()}/v1/reservations`, {
      token: buyer.token,
      key: randomUUID(),
      headers,
      body: { eventId: event.id, items: [{ ticketTypeId: event.types[0], quantity: 1 }] },
    });

  /** The spans of a trace, when those of every process have come. */
  function traceOf(traceId: string, services: readonly ServiceName[]): Promise<ExportedSpan[]> {
    return until(`spans of ${services.join(", ")}`, () => {
      const spans = collector.spans.filter((span) => span.traceId === traceId);
      const isWhole = services.every((service) =>
        spans.some((span) => span.service === service && span.kind === "server"),
      );
      return isWhole && spans;
    });
  }

  it("are one tree for a lone reservation, from the client's span to MySQL and Redis", async () => {
    const client = newTrace();
    expect((await reserve(client.headers)).status).to.equal(201);
    const all = await traceOf(client.traceId, ["bff", "reservation-svc", "inventory-svc"]);
    const children = ({ spanId }: { spanId: string }) =>
      all.filter(({ parentSpanId }) => parentSpanId === spanId);
    const only = (parent: { spanId: string }, name: string): ExportedSpan => {
      const [first, ...more] = children(parent).filter((span) => span.name.endsWith(name));
      if (first === undefined || more.length > 0) {
        throw new Error(`not one ${name}, but ${children(parent).map((span) => span.name)}`);
      }
      return first;
    };
    const request = only(client, "POST /v1/reservations");
    expect(request.attributes).to.deep.include({
      "http.request.method": "POST",
      "http.route": "/v1/reservations",
      "http.response.status_code": 201,
      "tessera.code": "OK",
    });
    const combined = only(request, "/BatchCreateReservations");
    const reservation = only(combined, "/BatchCreateReservations");
    const allocating = only(reservation, "/BatchAllocate");
    const inventory = only(allocating, "/BatchAllocate");
    expect([combined, reservation, allocating, inventory].map(({ kind }) => kind)).to.deep.equal([
      "client",
      "server",
      "client",
      "server",
    ]);
    const written = children(inventory).map(({ name }) => name);
    expect(written).to.deep.equal(["START TRANSACTION SELECT", "UPDATE INSERT", "COMMIT"]);
    only(reservation, "START TRANSACTION INSERT COMMIT");
    const commands = children(reservation).filter(
      ({ attributes }) => attributes["db.system.name"] === "redis",
    );
    expect(commands.map(({ name }) => name)).to.include.members(["EVALSHA", "EVAL"]);
    // Of a Redis that is new, the lock's script is not known at first.
    const failed = all.filter(({ isError }) => isError).map(({ name }) => name);
    expect(failed.filter((name) => name !== "EVALSHA")).to.deep.equal([]);

    // Every line that was logged on the way names the trace, and the span that tells of it.
    for (const server of [request, reservation, inventory]) {
      const line = await logged(server.service, server.spanId);
      expect(line).to.include({ traceId: client.traceId, spanId: server.spanId });
    }
    const line = await logged("bff", request.spanId);
    expect(line.rpcTraceId).to.equal(client.traceId);
  });

  it("meet in the batches that carry them, by links", async () => {
    const clients = Array.from({ length: 60 }, newTrace);
    const answers = await Promise.all(clients.map(({ headers }) => reserve(headers)));
    expect(answers.filter(({ status }) => status !== 201)).to.deep.equal([]);
    const requests = await until("the spans of all requests", () => {
      const traces = new Set(clients.map(({ traceId }) => traceId));
      const found = collector
        .named("bff", /^POST \/v1\/reservations$/)
        .filter((span) => traces.has(span.traceId));
      return found.length === clients.length && found;
    });
    const batches = collector.named("bff", /^batch of the create queue$/);
    const sizes = batches.map(({ attributes }) => Number(attributes["tessera.batch.size"]));
    expect(Math.max(...sizes)).to.be.greaterThan(1);
    for (const request of requests) {
      const batch = batches.find(
        ({ spanId, parentSpanId }) =>
          parentSpanId === request.spanId || request.links.includes(spanId),
      );
      if (batch !== undefined) {
        expect([batch.parentSpanId, ...batch.links]).to.include(request.spanId);
      } else {
        // It was alone in its call.
        expect(collector.spans.some((span) => span.parentSpanId === request.spanId)).to.equal(true);
      }
    }
    // What came with several calls goes to the ledger together.
    const lines = collector.named("reservation-svc", /^batch of the event's line$/);
    expect(lines).not.to.deep.equal([]);
    await until("the calls that they carried", () => {
      const calls = collector.named("reservation-svc", /\/BatchCreateReservations$/);
      const callOf = (id: string) => calls.find(({ spanId }) => spanId === id);
      return lines.every(
        ({ spanId, parentSpanId, links }) =>
          callOf(parentSpanId) !== undefined &&
          links.every((id) => callOf(id)?.links.includes(spanId) === true),
      );
    });
  });

  it("tell nothing of anybody", async () => {
    const person = {
      email: `${randomUUID()}@example.com`,
      password: `pass-${randomUUID()}`,
      name: `Ann ${randomUUID()}`,
    };
    const { email, password } = person;
    await call(`${url()}/v1/users`, { body: person });
    await call(`${url()}/v1/users`, { body: person });
    await call(`${url()}/v1/sessions`, { body: { email, password: `${password}!` } });
    const session = await call<{ accessToken: string; refreshToken: string }>(
      `${url()}/v1/sessions`,
      { body: { email, password } },
    );
    const { accessToken: token, refreshToken } = session.body;
    const me = await call<{ id: string }>(`${url()}/v1/users/me`, { token });
    await call(`${url()}/v1/sessions/refresh`, { body: { refreshToken } });
    await call(`${url()}/v1/events?q=${encodeURIComponent(email)}`);
    await call(`${url()}/${email}?token=${token}`);
    const reserved = await buyer.reserve(event);
    const paymentReference = `pay; SELECT ${randomUUID()}`;
    await buyer.confirm(reserved.body.id, { paymentReference });
    await buyer.cancel(reserved.body.id);
    const last = newTrace();
    await call(`${url()}/v1/users/me`, { token, headers: last.headers });
    await traceOf(last.traceId, ["bff", "user-svc"]);

    const secrets = [
      ...[email, password, person.name, token, refreshToken, paymentReference],
      ...[buyer.token, buyer.userId, me.body.id].flatMap((id) => [id, id.replaceAll("-", "")]),
    ];
    const texts = collector.spans.map(({ text }) => text).join("\n");
    for (const secret of secrets) {
      expect(texts.includes(secret), `a span tells ${secret}`).to.equal(false);
    }
    const names = new Set(collector.spans.flatMap(({ attributes }) => Object.keys(attributes)));
    expect(ATTRIBUTE_NAMES).to.include.members([...names]);
    expect(texts).not.to.contain('"events":[{');
    expect(new Set(collector.spans.map(({ service }) => service))).to.have.all.keys(SERVICES);
  });

  it("hold up neither a sale nor its end when the collector hangs", async () => {
    collector.mood = "hangs";
    const before = collector.exports;
    expect((await reserve({})).status).to.equal(201);
    await until("an export hangs", () => collector.exports > before);
    expect((await reserve({})).status).to.equal(201);
    const processes = SERVICES.flatMap((service) => system.processes[service]);
    for (const process of processes) {
      process.signal("SIGTERM");
    }
    await until("all have ended", () => processes.every(({ exitCode }) => exitCode !== null), {
      patienceMs: 5_000,
    });
    expect(processes.map(({ exitCode }) => exitCode)).to.deep.equal([0, 0, 0, 0]);
  });

  /** The line that names a span: they are written together, a moment after they were logged. */
  function logged(service: string, spanId: string): Promise<Record<string, unknown>> {
    return until(`a line of ${service} with its span`, () => {
      const [process] = system.processes[service as ServiceName];
      const text = process === undefined ? "" : readFileSync(process.logFile, "utf8");
      const line = text.split("\n").find((one) => one.includes(`"spanId":"${spanId}"`));
      return line === undefined ? undefined : (JSON.parse(line) as Record<string, unknown>);
    });
  }
});
