import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { type Answer, call } from "../rest.ts";
import { useSharedSystem } from "../shared-system.ts";

/** How many sign-ins of one account may fail within a minute, if nobody sets it. */
const FAILURES_MAX = 10;

const PASSWORD = "a password for tests";

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

describe("signing in", () => {
  const system = useSharedSystem();
  const url = () => system.bffUrl();
  const newAddress = () => `zoë.${randomUUID()}@example.com`;

  async function signUp(email = newAddress()): Promise<string> {
    const body = { email, password: PASSWORD, name: "Zoë" };
    const { status, text } = await call(`${url()}/v1/users`, { body });
    expect(status, text).to.equal(201);
    return email;
  }

  const signIn = (email: string, password: string) =>
    call<Tokens>(`${url()}/v1/sessions`, { body: { email, password } });

  /** Everything that an answer tells, but for what is another each time. */
  function told({ status, headers, body }: Answer): unknown {
    const names = ["content-length", "date", "ratelimit", "x-request-id"];
    const { requestId: _requestId, ...problem } = body;
    return [status, [...headers].filter(([name]) => !names.includes(name)), problem];
  }

  /** Guesses at each address in turn, once more than may fail; the answers in order. */
  async function guess(addresses: readonly string[]): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (let count = 0; count <= FAILURES_MAX; count += 1) {
      answers.push(await signIn(addresses[count % addresses.length] ?? "", "a wrong guess"));
    }
    return answers;
  }

  const expectLimited = (answers: readonly Answer[]) =>
    expect(answers.map(({ status }) => status)).to.deep.equal([
      ...Array.from({ length: FAILURES_MAX }, () => 401),
      429,
    ]);

  it("tells nobody whether an address has an account, by headers, body, or limit", async () => {
    const known = await guess([await signUp()]);
    const unknown = await guess([newAddress()]);
    expectLimited(known);
    expect(known[0]?.body).to.include({ code: "BAD_CREDENTIALS" });
    // How long the limit lasts depends on when it began.
    const isFailure = ({ status }: Answer) => status === 401;
    expect(unknown.filter(isFailure).map(told)).to.deep.equal(known.filter(isFailure).map(told));
    expect(unknown.map(({ status, body }) => [status, body.code])).to.deep.equal(
      known.map(({ status, body }) => [status, body.code]),
    );
  });

  it("counts guesses at one account together, however its address is written", async () => {
    const email = await signUp();
    const spellings = [
      email,
      email.toUpperCase(),
      // The same letters to a reader and to user-svc, in other code points.
      email.normalize("NFD"),
      email.normalize("NFD").toUpperCase(),
      `${email}  `,
      ` ${email}`,
    ];
    expectLimited(await guess(spellings));
    for (const spelling of spellings) {
      const { status, headers } = await signIn(spelling, PASSWORD);
      expect([spelling, status]).to.deep.equal([spelling, 429]);
      expect(Number(headers.get("retry-after"))).to.be.within(1, 60);
    }
  });

  it("goes on for whoever is signed in, while strangers guess at the account", async () => {
    const email = await signUp();
    const { body: tokens } = await signIn(email, PASSWORD);
    const other = await signUp();
    expectLimited(await guess([email]));
    const me = await call(`${url()}/v1/users/me`, { token: tokens.accessToken });
    expect(me.status).to.equal(200);
    const { refreshToken } = tokens;
    const refreshed = await call(`${url()}/v1/sessions/refresh`, { body: { refreshToken } });
    expect(refreshed.status, refreshed.text).to.equal(200);
    expect((await signIn(other, PASSWORD)).status).to.equal(201);
  });
});
