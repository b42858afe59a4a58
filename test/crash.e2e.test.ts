import { randomUUID } from "node:crypto";
import { ORGANISER } from "@tessera/testkit/services";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { type Buyer, createEvent, newBuyer, newBuyers, type SaleEvent } from "./market.ts";
import { call } from "./rest.ts";
import { SaleStorm } from "./sale-storm.ts";
import { expectExact } from "./settled.ts";
import { useSharedSystem } from "./shared-system.ts";
import { eachOf, persist } from "./storm.ts";

describe("a process that dies", () => {
  const system = useSharedSystem();
  const url = () => system.bffUrl();
  let buyers: Buyer[];
  before(async () => {
    buyers = await newBuyers(url(), 60);
  });

  for (const service of ["inventory-svc", "reservation-svc", "bff"] as const) {
    it(`is ${service}, killed in a storm: nobody loses, nothing is sold twice`, async () => {
      const [process] = system.processes[service];
      const storm = await SaleStorm.begin({ system, buyers, capacity: 200, rounds: 3 });
      await storm.reach(100);
      await process?.kill();
      await process?.start();
      await storm.endsWell();
      expect(storm.again, "the crash was not noticed").not.to.deep.equal({});
    });
  }

  it("is user-svc: buyers go on buying, and who signs up has one account", async () => {
    const [process] = system.processes["user-svc"];
    const storm = await SaleStorm.begin({ system, buyers, capacity: 200, rounds: 3 });
    let signedUp = 0;
    const people = eachOf(Array.from({ length: 80 }), 8, async () => {
      const key = randomUUID();
      const body = { email: `${key}@example.com`, password: "a good password", name: "Bo" };
      const user = await persist(() => call<{ id: string }>(`${url()}/v1/users`, { body, key }));
      expect(user.status, user.text).to.equal(201);
      signedUp += 1;
      const session = await persist(() => call(`${url()}/v1/sessions`, { body: signInOf(body) }));
      expect(session.status, session.text).to.equal(201);
    });
    await until("people sign up", () => signedUp >= 10, { everyMs: 2 });
    await process?.kill();
    await storm.reach(storm.answered + 100);
    expect(storm.again, "reservations need user-svc").to.deep.equal({});
    await process?.start();
    await people;
    await storm.endsWell();
  });
});

describe("a service that is away", () => {
  const system = useSharedSystem();
  const url = () => system.bffUrl();
  let buyer: Buyer;
  let event: SaleEvent;
  before(async () => {
    buyer = await newBuyer(url());
    event = await createEvent(url(), [50], { maxPerUser: 50 });
  });

  const calls = {
    "sign in": () => call(`${url()}/v1/sessions`, { body: ORGANISER }),
    "list events": () => call(`${url()}/v1/events?limit=1`),
    reserve: () => buyer.reserve(event),
    "list reservations": () => call(`${url()}/v1/reservations`, { token: buyer.token }),
  };

  for (const { service, stops } of [
    { service: "user-svc", stops: ["sign in"] },
    { service: "inventory-svc", stops: ["list events", "reserve"] },
    { service: "reservation-svc", stops: ["reserve", "list reservations"] },
  ] as const) {
    it(`is ${service}: what needs it says 503, the rest works, and it comes back by itself`, async () => {
      const [process] = system.processes[service];
      await process?.stop();
      expect(process?.exitCode).to.equal(0);
      for (const [name, send] of Object.entries(calls)) {
        const answer = await send();
        if (stops.some((stopped) => stopped === name)) {
          expect([name, answer.status, answer.body.code]).to.deep.equal([
            name,
            503,
            "DEPENDENCY_UNAVAILABLE",
          ]);
          expect(Number(answer.headers.get("retry-after"))).to.be.at.least(1);
          expect(answer.body.retryable).to.equal(true);
        } else {
          expect([name, answer.status < 300]).to.deep.equal([name, true]);
        }
      }
      await process?.start();
      for (const [name, send] of Object.entries(calls)) {
        await until(`to ${name} works again`, async () => (await send()).status < 300);
      }
      await expectExact(system, event);
    });
  }
});

function signInOf({ email, password }: { email: string; password: string }) {
  return { email, password };
}
