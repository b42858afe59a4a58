import { expect } from "chai";
import { takeSample } from "../tools/k6/sample.ts";
import { makeAccounts } from "../tools/load-users.ts";
import { createEvent, newBuyers, signIn } from "./market.ts";
import { call } from "./rest.ts";
import { useSharedSystem } from "./shared-system.ts";

describe("what a load test prepares", () => {
  const system = useSharedSystem();

  it("makes accounts that can sign in", async () => {
    const emails = ["k6-one@load.tessera.test", "k6-two@load.tessera.test"];
    const { mysqlType, mysqlUrls } = system.settings;
    await makeAccounts(emails, "a password of a load", { mysqlUrl: mysqlUrls.user, mysqlType });
    for (const email of emails) {
      const credentials = { email, password: "a password of a load" };
      expect(await signIn(system.bffUrl(), credentials)).to.be.a("string");
    }
  });

  it("samples events and reservations, each with its owner's token", async () => {
    const event = await createEvent(system.bffUrl(), [10]);
    for (const buyer of await newBuyers(system.bffUrl(), 5)) {
      expect((await buyer.reserve(event)).status).to.equal(201);
    }
    const sample = await takeSample(system.settings, 30, 60);
    expect(sample.eventIds).to.not.deep.equal([]);
    expect(sample.reservations).to.not.deep.equal([]);
    for (const { id, accessToken } of sample.reservations) {
      const url = `${system.bffUrl()}/v1/reservations/${id}`;
      expect((await call(url, { token: accessToken })).status).to.equal(200);
    }
    for (const id of sample.eventIds) {
      expect((await call(`${system.bffUrl()}/v1/events/${id}`)).status).to.equal(200);
    }
    const [prefix = ""] = sample.prefixes;
    const found = `${system.bffUrl()}/v1/events?q=${encodeURIComponent(prefix)}`;
    expect((await call<{ items: unknown[] }>(found)).body.items).to.not.deep.equal([]);
  });
});
