import { expect } from "chai";
import type { Reservation } from "../market.ts";
import { type Answer, call } from "../rest.ts";
import { useSharedSystem } from "../shared-system.ts";
import { WaitingBuyer } from "../waiting-buyer.ts";
import { type Cast, newCast } from "./cast.ts";
import { operations } from "./operations.ts";
import { type Asked, PEOPLE, ROUTES } from "./route-access.ts";

describe("every route", () => {
  const system = useSharedSystem();
  let cast: Cast;
  before(async () => {
    cast = await newCast(system);
  });

  /** Sends it as somebody, who says besides to be the owner, and an organiser. */
  async function ask<T>(as: (typeof PEOPLE)[number], asked: Asked): Promise<Answer<T>> {
    const claims = { "x-tessera-user-id": cast.owner.userId, "x-tessera-role": "organiser" };
    const token = as === "nobody" ? undefined : cast[as].token;
    return await call(cast.url + asked.path, { ...asked, token, headers: claims });
  }

  // A new route: say in route-access.ts whom it serves. That the document has all of the app's
  // routes, bff/test/openapi.it.test.ts proves.
  it("is known here", () => {
    const names = operations().map(({ name }) => name);
    expect(Object.keys(ROUTES).sort()).to.deep.equal(names.sort());
  });

  for (const [name, { outcomes, prepare }] of Object.entries(ROUTES)) {
    it(`serves whom it should, and nobody else: ${name}`, async () => {
      const asked = await prepare(cast);
      for (const person of PEOPLE) {
        const { status, body } = await ask<object>(person, asked);
        const outcome = body?.code === undefined ? String(status) : `${status} ${body.code}`;
        expect([person, outcome]).to.deep.equal([person, outcomes[person]]);
      }
    });
  }

  it("that lists, lists what is one's own", async () => {
    const made = await cast.owner.reserve(cast.event);
    const list = async (as: (typeof PEOPLE)[number], query = "") => {
      const path = `/v1/reservations${query}`;
      return await ask<{ items: Reservation[]; nextCursor: string | null }>(as, { path });
    };
    const ids = async (as: (typeof PEOPLE)[number]) =>
      (await list(as)).body.items.map(({ id }) => id);
    expect(await ids("owner")).to.include(made.body.id);
    const others = await Promise.all((["stranger", "rival", "organiser"] as const).map(ids));
    expect(others.flat()).not.to.include(made.body.id);
    // Another's cursor says where to go on, and not in whose list.
    await cast.owner.reserve(cast.event);
    const { nextCursor } = (await list("owner", "?limit=1")).body;
    const page = await list("stranger", `?cursor=${encodeURIComponent(nextCursor ?? "")}`);
    expect(page.status).to.be.oneOf([200, 400]);
    expect(page.text).not.to.contain(made.body.id);
    expect((await list("stranger", `?userId=${cast.owner.userId}`)).status).to.equal(400);
  });

  it("that answers who one is, goes by the token", async () => {
    for (const person of ["stranger", "rival", "owner"] as const) {
      const { body } = await ask<{ id: string }>(person, { path: "/v1/users/me" });
      expect(body.id).to.equal(cast[person].userId);
    }
  });

  it("that gives a place up, gives up one's own", async () => {
    const [owner, stranger] = [cast.owner, cast.stranger].map((each) => {
      return new WaitingBuyer(each, cast.early);
    }) as [WaitingBuyer, WaitingBuyer];
    await owner.join();
    expect((await stranger.leave()).status).to.equal(204);
    expect((await owner.poll()).status).to.equal(200);
  });

  it("that can be listened to, is silent for strangers", async () => {
    const path = `/v1/events/${cast.early.id}/queue`;
    await new WaitingBuyer(cast.owner, cast.early).join();
    await new WaitingBuyer(cast.stranger, cast.early).leave();
    const headers = { accept: "text/event-stream" };
    for (const [token, code] of [
      [undefined, "UNAUTHENTICATED"],
      [cast.stranger.token, "PLACE_NOT_FOUND"],
    ] as const) {
      const { body } = await call(cast.url + path, { token, headers });
      expect(body.code).to.equal(code);
    }
  });

  it("that is for one key's owner, remembers keys by their owner", async () => {
    const [mine, theirs] = await Promise.all([
      cast.owner.reserve(cast.event, [[0, 1]], "one key"),
      cast.stranger.reserve(cast.event, [[0, 1]], "one key"),
    ]);
    expect([mine.status, theirs.status]).to.deep.equal([201, 201]);
    expect(mine.body.id).not.to.equal(theirs.body.id);
  });
});
