import { expect } from "chai";
import { answer, useFrontDesk } from "./use-front-desk.ts";

describe("Person", () => {
  const front = useFrontDesk();
  const token = () => front.person.accessToken(front.client);

  it("signs in once, however many requests begin at once", async () => {
    const tokens = await Promise.all([token(), token(), token()]);
    expect(tokens).to.deep.equal(["access-1", "access-1", "access-1"]);
    expect(front.signIns).to.deep.equal(["/v1/sessions"]);
  });

  it("stays signed in with the refresh token, which is sent once", async () => {
    front.expiresIn = 0;
    expect(await token()).to.equal("access-1");
    expect(await token()).to.equal("access-2");
    expect(front.signIns).to.deep.equal(["/v1/sessions", "/v1/sessions/refresh"]);
  });

  it("signs in again when it cannot stay, and goes on with the old token when it cannot do that", async () => {
    front.expiresIn = 0;
    await token();
    front.session = answer(503, { code: "DEPENDENCY_UNAVAILABLE" });
    expect(await token()).to.equal("access-1");
    expect(front.signIns.slice(1)).to.deep.equal(["/v1/sessions/refresh", "/v1/sessions"]);
  });

  it("does not try again at once when that failed", async () => {
    front.session = answer(503, { code: "DEPENDENCY_UNAVAILABLE" });
    await token();
    await token();
    expect(front.signIns).to.deep.equal(["/v1/sessions"]);
  });
});
