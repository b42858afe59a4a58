import { Code, ConnectError } from "@connectrpc/connect";
import { REASONS, type Reason } from "@tessera/proto/reasons";
import { ServiceError } from "@tessera/service-kit/service-error";
import { expect } from "chai";
import { useApp } from "./use-app.ts";

const TIME = "2030-09-14T18:30:00Z";
const CHANGES = [
  ["/v1/sessions/refresh", "refreshSession", { refreshToken: "x".repeat(40) }],
  ["/v1/users", "createUser", { email: "a@x.test", password: "correct horse", name: "A" }],
  [
    "/v1/events",
    "createEvent",
    {
      ...{ name: "E", venue: "V", startsAt: TIME, salesOpenAt: TIME, salesCloseAt: TIME },
      ticketTypes: [{ name: "T", price: { amount: 1, currency: "GBP" }, capacity: 1 }],
    },
  ],
] as const;

describe("a change of which nobody knows whether it has happened", () => {
  const api = useApp();
  let token: string;
  before(async () => {
    token = await api.token({ role: "organiser" });
  });
  afterEach(() => api.services.before.clear());
  const fail = async (rpc: string, reason: Reason, asked: () => ReturnType<typeof api.ask>) => {
    api.services.before.set(rpc, () => {
      throw new ServiceError(reason, "it failed");
    });
    const { status, headers, body } = await asked();
    expect([status, body.code]).to.deep.equal([REASONS[reason].status, reason]);
    return [body.retryable, headers.get("retry-after")];
  };

  for (const [path, rpc, body] of CHANGES) {
    it(`may be repeated with its key only: POST ${path}`, async () => {
      for (const reason of ["DEADLINE_EXCEEDED", "DEPENDENCY_UNAVAILABLE"] as const) {
        const keyed = () => api.ask("POST", path, { token, body, key: "k" });
        expect(await fail(rpc, reason, keyed), reason).to.deep.equal([true, "1"]);
        const keyless = () => api.ask("POST", path, { token, body });
        expect(await fail(rpc, reason, keyless), reason).to.deep.equal([false, null]);
      }
    });
  }

  it("is in doubt as well when the service ended the call by itself", async () => {
    const [path, rpc, body] = CHANGES[0];
    api.services.before.set(rpc, () => {
      throw new ConnectError("server forced shutdown", Code.Canceled);
    });
    for (const [key, retryable] of [
      [undefined, false],
      ["k", true],
    ] as const) {
      const { status, body: problem } = await api.ask("POST", path, { body, ...(key && { key }) });
      expect([status, problem.code, problem.retryable]).to.deep.equal([
        503,
        "DEPENDENCY_UNAVAILABLE",
        retryable,
      ]);
    }
    expect(api.lines.at(-1)).to.include({ status: 503, code: "DEPENDENCY_UNAVAILABLE" });
  });

  it("is none when it was refused, or when there is nothing to repeat", async () => {
    const [path, rpc, body] = CHANGES[0];
    const refresh = () => api.ask("POST", path, { body });
    expect(await fail(rpc, "OVERLOADED", refresh)).to.deep.equal([true, "1"]);
    const read = () => api.ask("GET", "/v1/users/me", { token });
    expect(await fail("getUser", "DEADLINE_EXCEEDED", read)).to.deep.equal([true, "1"]);
    const signOut = () => api.ask("DELETE", "/v1/sessions/current", { token });
    expect(await fail("deleteSession", "DEADLINE_EXCEEDED", signOut)).to.deep.equal([true, "1"]);
  });
});
