import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { Redis } from "ioredis";
import { eventBody, newBuyer, type Reservation, signIn, stockOf } from "./market.ts";
import { type Answer, call } from "./rest.ts";
import { expectExact } from "./settled.ts";
import { useSharedSystem } from "./shared-system.ts";

interface Tokens {
  accessToken: string;
  tokenType: string;
  expiresIn: number;
  refreshToken: string;
}

describe("one sale, from sign-up to sign-out", () => {
  const system = useSharedSystem();
  const url = () => system.bffUrl();

  it("lets a person sign up, sign in, stay and leave", async () => {
    const person = { email: `${randomUUID()}@example.com`, password: "tell nobody", name: "Ann" };
    const user = await call<{ id: string; role: string }>(`${url()}/v1/users`, { body: person });
    expect([user.status, user.body.role]).to.deep.equal([201, "customer"]);
    const taken = await call(`${url()}/v1/users`, { body: person });
    expect([taken.status, taken.body.code]).to.deep.equal([409, "EMAIL_TAKEN"]);

    const session = await call<Tokens>(`${url()}/v1/sessions`, { body: credentialsOf(person) });
    expect(session.status).to.equal(201);
    expect(session.body).to.include({ tokenType: "Bearer" });
    const me = await call(`${url()}/v1/users/me`, { token: session.body.accessToken });
    expect(me.body).to.include({ id: user.body.id, email: person.email, name: "Ann" });
    expect(me.text).not.to.contain("assword");

    const refreshed = await call<Tokens>(`${url()}/v1/sessions/refresh`, {
      body: { refreshToken: session.body.refreshToken },
    });
    expect(refreshed.status).to.equal(200);
    const out = await call(`${url()}/v1/sessions/current`, {
      method: "DELETE",
      token: refreshed.body.accessToken,
    });
    expect(out.status).to.equal(204);
    const over = await call(`${url()}/v1/sessions/refresh`, {
      body: { refreshToken: refreshed.body.refreshToken },
    });
    expect([over.status, over.body.code]).to.deep.equal([401, "BAD_REFRESH_TOKEN"]);

    const secrets = [
      person.password,
      session.body.accessToken,
      session.body.refreshToken,
      refreshed.body.accessToken,
      refreshed.body.refreshToken,
      person.email,
    ];
    await untilLogged(out.headers.get("x-request-id") ?? "");
    for (const secret of secrets) {
      expect(logs(), `a log tells ${secret.slice(0, 8)}…`).not.to.contain(secret);
    }
  });

  it("lets an organiser create an event that everybody finds", async () => {
    const token = await signIn(url());
    const name = `Orfeo ${randomUUID()}`;
    const body = eventBody([100, 10], { name, maxPerUser: 4 });
    const key = randomUUID();
    const created = await call<{ id: string }>(`${url()}/v1/events`, { body, token, key });
    expect(created.status, created.text).to.equal(201);
    expect(created.headers.get("location")).to.equal(`/v1/events/${created.body.id}`);
    const again = await call<{ id: string }>(`${url()}/v1/events`, { body, token, key });
    expect([again.headers.get("idempotent-replayed"), again.text]).to.deep.equal([
      "true",
      created.text,
    ]);

    const one = await call(`${url()}/v1/events/${created.body.id}`);
    expect(one.text).to.equal(created.text);
    const found = await call<{ items: { id: string }[]; nextCursor: null }>(
      `${url()}/v1/events?q=${encodeURIComponent(name.toLowerCase())}`,
    );
    expect(found.body.items.map(({ id }) => id)).to.deep.equal([created.body.id]);
    const newest = await call<{ items: { id: string }[]; nextCursor: string }>(
      `${url()}/v1/events?sort=-createdAt&limit=1`,
    );
    expect(newest.body.items.map(({ id }) => id)).to.deep.equal([created.body.id]);

    const address = `${url()}/v1/events/${created.body.id}/availability`;
    const left = await call<{ ticketTypes: unknown[] }>(address);
    expect(left.body.ticketTypes[0]).to.include({
      capacity: 100,
      available: 100,
      held: 0,
      sold: 0,
    });
    const etag = left.headers.get("etag") ?? "";
    expect((await call(address, { headers: { "if-none-match": etag } })).status).to.equal(304);

    const buyer = await newBuyer(url());
    const refused = await call(`${url()}/v1/events`, { body, token: buyer.token });
    expect([refused.status, refused.body.code]).to.deep.equal([403, "FORBIDDEN"]);
  });

  it("takes a reservation from hold to sale and back, and repeats every answer", async () => {
    const body = eventBody([100, 10]);
    const created = await call<{ id: string; ticketTypes: { id: string }[] }>(
      `${url()}/v1/events`,
      { body, token: await signIn(url()) },
    );
    const event = { id: created.body.id, types: created.body.ticketTypes.map(({ id }) => id) };
    const buyer = await newBuyer(url());

    const key = randomUUID();
    const held = await buyer.reserve(
      event,
      [
        [0, 2],
        [1, 1],
      ],
      key,
    );
    expect(held.status, held.text).to.equal(201);
    expect(held.body).to.deep.include({
      eventId: event.id,
      state: "HELD",
      total: { amount: 400, currency: "EUR" },
    });
    const { id } = held.body;
    expectReplay(
      await buyer.reserve(
        event,
        [
          [0, 2],
          [1, 1],
        ],
        key,
      ),
      held,
    );
    const other = await buyer.reserve(event, [[0, 1]], key);
    expect([other.status, other.body.code]).to.deep.equal([422, "IDEMPOTENCY_KEY_REUSED"]);
    expect((await stockOf(url(), event))[0]).to.include({ available: 98, held: 2, sold: 0 });

    const extendKey = randomUUID();
    const extended = await buyer.extend(id, extendKey);
    expect([extended.status, extended.body.extendCount]).to.deep.equal([200, 1]);
    expect(Date.parse(extended.body.expiresAt)).to.be.at.least(Date.parse(held.body.expiresAt));
    expectReplay(await buyer.extend(id, extendKey), extended);

    const payment = { key: randomUUID(), paymentReference: "card-1" };
    const confirmed = await buyer.confirm(id, payment);
    expect([confirmed.status, confirmed.body.state]).to.deep.equal([200, "CONFIRMED"]);
    expect(confirmed.body.reacquired).to.equal(false);
    expectReplay(await buyer.confirm(id, payment), confirmed);
    const paidTwice = await buyer.confirm(id, { ...payment, paymentReference: "card-2" });
    expect([paidTwice.status, paidTwice.body.code]).to.deep.equal([422, "IDEMPOTENCY_KEY_REUSED"]);
    expect((await stockOf(url(), event))[0]).to.include({ available: 98, held: 0, sold: 2 });
    const tooLate = await buyer.extend(id);
    expect([tooLate.status, tooLate.body.code]).to.deep.equal([409, "ILLEGAL_MOVE"]);

    const cancelKey = randomUUID();
    const cancelled = await buyer.cancel(id, cancelKey);
    expect([cancelled.status, cancelled.body.state]).to.deep.equal([200, "CANCELLED"]);
    expectReplay(await buyer.cancel(id, cancelKey), cancelled);
    expect((await stockOf(url(), event))[0]).to.include({ available: 100, held: 0, sold: 0 });

    // Even after all that, the first answers stay what they were.
    expectReplay(
      await buyer.reserve(
        event,
        [
          [0, 2],
          [1, 1],
        ],
        key,
      ),
      held,
    );
    expectReplay(await buyer.confirm(id, payment), confirmed);
    const list = await call<{ items: Reservation[] }>(`${url()}/v1/reservations`, {
      token: buyer.token,
    });
    expect(list.body.items.map((one) => [one.id, one.state])).to.deep.equal([[id, "CANCELLED"]]);
    await expectExact(system, event);
    expect(await publishedStates(id, 5)).to.deep.equal([
      "HELD",
      "HELD",
      "CONFIRMING",
      "CONFIRMED",
      "CANCELLED",
    ]);
  });

  it("can be followed through the logs by the request's id", async () => {
    const buyer = await newBuyer(url());
    const requestId = `follow-${randomUUID()}`;
    const answer = await call(`${url()}/v1/reservations/${randomUUID()}/cancel`, {
      method: "POST",
      token: buyer.token,
      key: randomUUID(),
      headers: { "x-request-id": requestId },
    });
    expect([answer.status, answer.headers.get("x-request-id")]).to.deep.equal([404, requestId]);
    expect(answer.body.requestId).to.equal(requestId);
    const [bff, reservation] = ["bff", "reservation-svc"] as const;
    await until("both services name the request", () =>
      [bff, reservation].every((service) => logs(service).includes(requestId)),
    );
  });

  /** Every move of a reservation that was published, in the order of the stream. */
  async function publishedStates(id: string, count: number): Promise<string[]> {
    const redis = new Redis(system.redis.url);
    try {
      return await until("every move is published", async () => {
        const moves = (await redis.xrange("tessera:reservations", "-", "+"))
          .map(([, fields]) => fields)
          .filter((fields) => fields[fields.indexOf("reservationId") + 1] === id);
        const numbers = moves.map((fields) => Number(fields[fields.indexOf("seq") + 1]));
        expect(numbers).to.deep.equal([...new Set(numbers)].sort((a, b) => a - b));
        const states = moves.map(
          (fields) => JSON.parse(fields[fields.indexOf("payload") + 1] ?? "{}").state,
        );
        return states.length >= count && states;
      });
    } finally {
      redis.disconnect();
    }
  }

  function logs(...services: (keyof typeof system.processes)[]): string {
    return Object.entries(system.processes)
      .filter(([name]) => services.length === 0 || services.some((service) => service === name))
      .flatMap(([, processes]) => processes.map(({ logFile }) => readFileSync(logFile, "utf8")))
      .join("\n");
  }

  /** Lines are written together, a moment after they were logged. */
  function untilLogged(requestId: string): Promise<boolean> {
    return until(`the logs name ${requestId}`, () => logs().includes(requestId));
  }
});

function credentialsOf({ email, password }: { email: string; password: string }) {
  return { email, password };
}

/** The same body, said to be a repeat. */
function expectReplay(again: Answer, first: Answer): void {
  expect(again.text).to.equal(first.text);
  expect(again.status).to.equal(first.status);
  expect(again.headers.get("idempotent-replayed")).to.equal("true");
  expect(first.headers.get("idempotent-replayed")).to.equal(null);
}
