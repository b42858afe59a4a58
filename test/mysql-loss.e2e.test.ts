import { randomUUID } from "node:crypto";
import { SCHEMAS } from "@tessera/testkit/schemas";
import type { ServiceName } from "@tessera/testkit/services";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import {
  type Buyer,
  createEvent,
  eventBody,
  newBuyers,
  type SaleEvent,
  signIn,
  tally,
} from "./market.ts";
import { type Answer, call } from "./rest.ts";
import { SaleStorm } from "./sale-storm.ts";
import { expectExact } from "./settled.ts";
import { useSharedSystemWithMysql } from "./shared-system.ts";
import { adminUrl, metricOf } from "./watch.ts";

describe("MySQL", () => {
  const system = useSharedSystemWithMysql();
  let buyers: Buyer[];
  let organiser: string;
  before(async () => {
    buyers = await newBuyers(system.bffUrl(), 40);
    organiser = await signIn(system.bffUrl());
  });

  it("is paused: whoever needs it gets 503 soon, and is served when it answers", async () => {
    const { event, send } = await prepare();
    await mysql().pause();
    try {
      expectUnavailable(await send());
      expectUnavailable(await send());
    } finally {
      mysql().signal("SIGCONT");
    }
    for (const service of ["inventory-svc", "reservation-svc", "user-svc"] as const) {
      await untilSilent(0, service);
    }
    expect(tally(await send())).to.deep.equal({ 200: 8, 201: 4 });
    await expectExact(system, event);
  });

  it("is stopped: whoever needs it gets 503, and is served when it is back", async () => {
    const { event, send } = await prepare();
    const tell = (path: string) =>
      Promise.all(
        SCHEMAS.map(async (schema) => {
          const [process] = system.processes[`${schema}-svc`];
          return (await fetch(`${adminUrl(process)}/${path}`)).status;
        }),
      );
    await mysql().stop();
    try {
      expectUnavailable(await send());
      expect(await tell("readyz")).to.deep.equal([503, 503, 503]);
      expect(await tell("livez")).to.deep.equal([200, 200, 200]);
    } finally {
      await mysql().start();
    }
    expect(tally(await send())).to.deep.equal({ 200: 8, 201: 4 });
    await until("all are ready", async () =>
      (await tell("readyz")).every((status) => status === 200),
    );
    await expectExact(system, event);
  });

  it("is paused in a storm: nothing is sold twice or lost", async () => {
    const storm = await SaleStorm.begin({ system, buyers, capacity: 200, rounds: 3 });
    await storm.reach(60);
    await mysql().pause();
    try {
      await untilSilent(1, "inventory-svc");
    } finally {
      mysql().signal("SIGCONT");
    }
    await storm.reach(storm.answered + 60);
    await storm.endsWell();
    expect(Object.keys(storm.again).join()).to.contain("503 DEPENDENCY_UNAVAILABLE");
  });

  function mysql() {
    if (system.mysql === undefined) {
      throw new Error("the system has no MySQL of its own");
    }
    return system.mysql;
  }

  async function untilSilent(silent: 0 | 1, service: ServiceName): Promise<void> {
    const [process] = system.processes[service];
    await until(
      `${service} says ${silent}`,
      async () => (await metricOf(process, "tessera_mysql_silent")) === silent,
    );
  }

  /** One request of each kind that needs the database, under the same keys each time. */
  async function prepare(): Promise<{ event: SaleEvent; send: () => Promise<Answer[]> }> {
    const url = system.bffUrl();
    const event = await createEvent(url, [50]);
    const [buyer] = buyers;
    if (buyer === undefined) {
      throw new Error("there is no buyer");
    }
    const { token } = buyer;
    const held = await Promise.all([1, 2, 3].map(() => buyer.reserve(event)));
    const [paid = "", left = "", kept = ""] = held.map(({ body }) => body.id);
    const known = { email: `${randomUUID()}@example.com`, password: "correct horse" };
    await call(`${url}/v1/users`, { body: { ...known, name: "Ann" } });
    const unknown = { ...known, email: `${randomUUID()}@example.com`, name: "Bob" };
    const key = randomUUID();
    // Names that nobody asked for: the BFF knows no answer.
    const name = randomUUID();
    const requests: (() => Promise<Answer>)[] = [
      () => call(`${url}/v1/events?q=${name}`),
      () => call(`${url}/v1/users/me`, { token }),
      () => call(`${url}/v1/reservations`, { token }),
      () => buyer.get(kept),
      () => buyer.reserve(event, [[0, 2]], key),
      () => buyer.confirm(paid, { key }),
      () => buyer.cancel(left, key),
      () => buyer.extend(kept, key),
      () => call(`${url}/v1/sessions`, { body: known }),
      () => call(`${url}/v1/users`, { body: unknown, key }),
      () => call(`${url}/v1/events`, { body: eventBody([1]), token: organiser, key }),
      () => call(`${url}/v1/events?q=${name}&limit=1`),
    ];
    return { event, send: () => Promise.all(requests.map((request) => request())) };
  }
});

function expectUnavailable(answers: readonly Answer[]): void {
  for (const { status, body, headers } of answers) {
    expect([status, body.code]).to.deep.equal([503, "DEPENDENCY_UNAVAILABLE"]);
    expect(Number(headers.get("retry-after"))).to.be.greaterThan(0);
  }
}
