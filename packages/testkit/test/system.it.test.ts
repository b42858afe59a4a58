import { useSystem } from "@tessera/testkit/processes";
import { ORGANISER } from "@tessera/testkit/services";
import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";

describe("the system, as processes", () => {
  const system = useSystem({ replicas: { "reservation-svc": 2 } });

  it("lets the organiser in", async () => {
    const response = await fetch(`${system.bffUrl()}/v1/sessions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(ORGANISER),
    });
    expect(response.status).to.equal(201);
  });

  it("gives each replica ports of its own", () => {
    const ports = system.processes["reservation-svc"].map((one) => one.port("grpcPort"));
    expect(new Set(ports).size).to.equal(2);
  });

  it("brings a killed process back on its ports", async () => {
    const [inventory] = system.processes["inventory-svc"];
    const port = inventory?.port("grpcPort");
    await inventory?.kill();
    await inventory?.start();
    expect(inventory?.port("grpcPort")).to.equal(port);
    // A client's connection to a process that came back takes a moment to be made again.
    await untilTrue(async () => (await fetch(`${system.bffUrl()}/v1/events`)).ok);
  });
});
