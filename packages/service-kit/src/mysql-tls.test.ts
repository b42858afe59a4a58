import { expect } from "chai";
import { driverTls, MYSQL_TLS } from "./mysql-tls.ts";

describe("driverTls", () => {
  it("checks the server's name whenever there is TLS", () => {
    for (const tls of MYSQL_TLS.filter((word) => word !== "off")) {
      expect(driverTls(tls).ssl, tls).to.include({ verifyIdentity: true });
    }
  });

  it("brings Amazon's authorities, and asks nobody else's for RDS", () => {
    const { ssl } = driverTls("rds");
    expect(JSON.stringify(ssl)).to.contain("-----BEGIN CERTIFICATE-----");
    expect(driverTls("verify").ssl).to.not.have.property("ca");
  });

  it("is absent when it is off", () => {
    expect(driverTls("off")).to.deep.equal({});
  });
});
