import { randomUUID } from "node:crypto";
import { until } from "@tessera/testkit/until";
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
  const newAddress = () => `zoë.brontë.ångström.${randomUUID()}@example.com`;

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

  /** Guesses at each address in turn until that is too often; the answers in order. */
  async function guess(addresses: readonly string[]): Promise<Answer[]> {
    const answers: Answer[] = [];
    do {
      const address = addresses[answers.length % addresses.length] ?? "";
      answers.push(await signIn(address, "a wrong guess"));
    } while (answers.at(-1)?.status === 401 && answers.length < 100);
    return answers;
  }

  function expectLimited(answers: readonly Answer[]): void {
    expect(answers.at(-1)?.status).to.equal(429);
    // A BFF that waits too long for Redis counts for itself, and may let through as many again.
    expect(answers.length - 1).to.be.within(FAILURES_MAX, 2 * FAILURES_MAX);
  }

  it("tells nobody whether an address has an account, by headers, body, or limit", async () => {
    const known = await guess([await signUp()]);
    const unknown = await guess([newAddress()]);
    expectLimited(known);
    expect(known[0]?.body).to.include({ code: "BAD_CREDENTIALS" });
    expectLimited(unknown);
    // How long the limit lasts depends on when it began.
    const failures = (answers: readonly Answer[]) => answers.slice(0, FAILURES_MAX).map(told);
    expect(failures(unknown)).to.deep.equal(failures(known));
    expect(unknown.at(-1)?.body.code).to.equal(known.at(-1)?.body.code);
  });

  it("counts guesses at one account together, however its address is written", async () => {
    const email = await signUp();
    const spellings = [
      email,
      email.toUpperCase(),
      // The same letters to a reader and to user-svc, in other code points: all of them, or some.
      email.normalize("NFD"),
      email.normalize("NFD").toUpperCase(),
      ...["ë.", "ë.å", "ö", "å"].map((part) => email.replace(part, part.normalize("NFD"))),
      `${email}  `,
      ` ${email}`,
    ];
    expectLimited(await guess(spellings));
    for (const spelling of spellings) {
      const headers = await until(`${spelling} is refused with the right password`, async () => {
        const answer = await signIn(spelling, PASSWORD);
        return answer.status === 429 && answer.headers;
      });
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
