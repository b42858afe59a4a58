import { randomUUID } from "node:crypto";
import { isReason, REASONS } from "@tessera/proto/reasons";
import { violationsOf } from "@tessera/testkit/invariants";
import { expect } from "chai";
import fc from "fast-check";
import { checkAnswer } from "../../bff/test/openapi-check.ts";
import { createEvent, newBuyer, type SaleEvent, signIn } from "../market.ts";
import { useSharedSystem } from "../shared-system.ts";
import { aliveCheck, FUZZ, FUZZ_TIMEOUT_MS } from "./fuzz-settings.ts";
import { operations } from "./operations.ts";
import { type RestRequest, requestsFor, type World } from "./rest-requests.ts";

/** An answer that takes longer hangs, in milliseconds. */
const HANG_MS = 10_000;

describe("whatever is sent to a REST route", function () {
  this.timeout(FUZZ_TIMEOUT_MS);
  const system = useSharedSystem();
  const events: SaleEvent[] = [];
  let world: World;
  let checkAlive: () => void;

  before(async () => {
    const url = system.bffUrl();
    checkAlive = aliveCheck(system);
    const buyer = await newBuyer(url);
    const room = { admitPerMinute: 1_000, maxActive: 1_000, passSeconds: 60 };
    events.push(await createEvent(url, [100_000, 5], { maxPerUser: 1_000 }));
    events.push(await createEvent(url, [100_000], { maxPerUser: 1_000, waitingRoom: room }));
    const reservations: string[] = [];
    for (let count = 0; count < 8; count += 1) {
      reservations.push((await buyer.reserve(events[0] as SaleEvent)).body.id);
    }
    world = {
      tokens: [buyer.token, await signIn(url)],
      known: {
        event: events.map(({ id }) => id),
        "ticket type": events.flatMap(({ types }) => types),
        reservation: reservations,
        user: [buyer.userId],
      },
    };
  });

  async function expectDocumented(request: RestRequest): Promise<void> {
    const { method, path, headers, body } = request;
    const response = await fetch(system.bffUrl() + path, {
      method,
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(HANG_MS),
      ...(body === undefined ? {} : { body }),
    });
    const type = response.headers.get("content-type") ?? "";
    if (type.startsWith("text/event-stream")) {
      // It ends when its client leaves.
      await response.body?.cancel();
      expect(response.status).to.equal(200);
      return;
    }
    const text = await response.text();
    expect(response.status, text).to.be.lessThan(500);
    const isJson = /json/.test(type);
    checkAnswer(request, response, isJson ? JSON.parse(text) : text);
    if (response.status >= 400) {
      expectProblem(response, type, text);
    }
  }

  for (const operation of operations()) {
    it(`gets an answer that is documented: ${operation.name}`, async () => {
      const property = fc.asyncProperty(requestsFor(operation, world), expectDocumented);
      await fc.assert(property, FUZZ);
      checkAlive();
    });
  }

  it("leaves the stock exact, and the routes at work", async () => {
    for (const { id } of events) {
      expect(await violationsOf(system.mysqlUrls, { eventId: id, isSettled: false })).to.deep.equal(
        [],
      );
    }
    const event = await createEvent(system.bffUrl(), [1]);
    const buyer = await newBuyer(system.bffUrl());
    expect((await buyer.reserve(event, [[0, 1]], randomUUID())).status).to.equal(201);
  });
});

/** RFC 9457, and of our catalogue. */
function expectProblem(response: Response, type: string, text: string): void {
  expect(type).to.match(/^application\/problem\+json/);
  const { code, status, retryable, requestId } = JSON.parse(text);
  expect(isReason(code), code).to.equal(true);
  expect({ status, retryable }).to.deep.equal({
    status: response.status,
    retryable: REASONS[code as keyof typeof REASONS].retryable,
  });
  expect(requestId).to.equal(response.headers.get("x-request-id"));
  expect(text).not.to.match(/node_modules|\.ts:\d|SELECT |INSERT /);
}
