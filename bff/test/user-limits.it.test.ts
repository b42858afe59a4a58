import { expect } from "chai";
import { DOCUMENT } from "./openapi-check.ts";
import { useApp } from "./use-app.ts";

describe("the limit on reserving", () => {
  const api = useApp({ reservePerSecond: 0.1, reserveBurst: 5 });

  it("is each user's own", async () => {
    const token = await api.token();
    const body = { eventId: crypto.randomUUID(), items: [] };
    const reserve = (as: string) =>
      api.ask("POST", "/v1/reservations", { token: as, key: "k", body });
    const answers = await Promise.all(Array.from({ length: 8 }, () => reserve(token)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 429)).to.have.length(3);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.headers.get("ratelimit-policy")).to.equal('"reserve";q=5;w=50');
    expect(refused?.headers.get("ratelimit")).to.equal('"reserve";r=0;t=50');
    expect(Number(refused?.headers.get("retry-after"))).to.be.within(1, 10);
    expect((await reserve(await api.token())).status).to.equal(400);
  });
});

describe("the limit on whatever else a user asks for", () => {
  const api = useApp({ userPerSecond: 0.1, userBurst: 5 });
  const id = crypto.randomUUID();

  it("is one for all of it, and each user's own", async () => {
    const token = await api.token();
    const asked = [
      ["GET", "/v1/users/me"],
      ["GET", "/v1/reservations"],
      ["GET", `/v1/reservations/${id}`],
      ["POST", `/v1/reservations/${id}/confirm`],
      ["POST", `/v1/reservations/${id}/cancel`],
      ["POST", `/v1/reservations/${id}/extend`],
      ["DELETE", "/v1/sessions/current"],
    ] as const;
    const ask = (as: string) =>
      Promise.all(asked.map(([method, path]) => api.ask(method, path, { token: as, key: "k" })));
    const answers = await ask(token);
    expect(answers.map(({ status }) => status === 429)).to.deep.equal([
      ...Array(5).fill(false),
      ...Array(2).fill(true),
    ]);
    const refused = (await ask(token))[0];
    expect(refused?.body).to.include({ code: "RATE_LIMITED", retryable: true });
    expect(refused?.headers.get("ratelimit-policy")).to.equal('"user";q=5;w=50');
    expect(Number(refused?.headers.get("retry-after"))).to.be.within(1, 10);
    expect((await ask(await api.token()))[0]?.status).not.to.equal(429);
  });

  it("or a limit of its own holds for every operation that needs a token", async () => {
    for (const [path, operations] of Object.entries(DOCUMENT.paths)) {
      for (const [method, { security, responses }] of Object.entries(operations)) {
        if (security === undefined) {
          const address = path.replaceAll(/\{\w+\}/g, id);
          const { headers } = await api.ask(method.toUpperCase(), address, {
            token: await api.token(),
          });
          expect(headers.get("ratelimit"), `${method} ${path}`).to.match(/^"(user|reserve|queue)"/);
          expect(responses, `${method} ${path}`).to.have.property("429");
        }
      }
    }
  });
});

describe("the limit on queueing", () => {
  const api = useApp({ queuePerSecond: 1, queueBurst: 5 });

  it("is each user's own, over all calls", async () => {
    const eventId = api.services.waitingRooms.open();
    const [token, other] = [await api.token(), await api.token()];
    const path = `/v1/events/${eventId}/queue`;
    await api.ask("POST", path, { token });
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => api.ask("GET", path, { token })),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).to.have.length(4);
    expect(refused[0]?.body).to.include({ code: "RATE_LIMITED", retryable: true });
    expect(refused[0]?.headers.get("ratelimit-policy")).to.equal('"queue";q=5;w=5');
    expect(Number(refused[0]?.headers.get("retry-after"))).to.be.within(1, 5);
    expect((await api.ask("POST", path, { token: other })).status).to.equal(201);
    expect((await api.ask("GET", `${path}/draw`)).status).to.equal(200);
  });
});
