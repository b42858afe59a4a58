import { expect } from "chai";
import { readConfig } from "./config.ts";

describe("readConfig", () => {
  const needed = {
    MYSQL_URL: "mysql://u@h/reservation",
    REDIS_URL: "redis://h",
    PASS_SECRETS: "a secret of thirty-two characters,another one of thirty-two characters",
  };

  it("needs the stores' addresses and the passes' secrets, and nothing else", () => {
    const config = readConfig(needed);
    expect(config).to.deep.include({ grpcPort: 50_052, httpPort: 9052 });
    expect(config.mysql).to.include({ type: "mysql", poolSize: 16 });
    // One Redis is the lock's only node unless others are named.
    expect(config.lockUrls).to.deep.equal(["redis://h"]);
  });

  it("reads the nodes that vote on locks", () => {
    const config = readConfig({ ...needed, REDIS_LOCK_URLS: "redis://a,rediss://b" });
    expect(config.lockUrls).to.deep.equal(["redis://a", "rediss://b"]);
  });

  it("reports every mistake at once", () => {
    expect(() => readConfig({ LOCK_TTL_MS: "1", INVENTORY_ADDRESS: "x" })).to.throw(
      /REDIS_URL is required\n.*INVENTORY_ADDRESS must be host:port\n.*MYSQL_URL is required\n.*LOCK_TTL_MS must be an integer from 200 to 60000.*PASS_SECRETS is required/s,
    );
  });
});
