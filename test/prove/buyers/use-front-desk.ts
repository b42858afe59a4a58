import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { History } from "../history.ts";
import { Desk } from "./desk.ts";
import { Person } from "./person.ts";
import { RestClient } from "./rest-client.ts";

/** A desk with a server of the test's own behind it. */
export interface FrontDesk {
  desk: Desk;
  history: History;
  client: RestClient;
  person: Person;
  /** What the server was asked, sign-ins apart; oldest first. */
  asked: IncomingMessage[];
  /** Where people signed in or stayed so, oldest first. */
  signIns: string[];
  /** Answers them; with tokens unless a test says otherwise. */
  session: (response: ServerResponse, tokens: object) => void;
  /** How long access tokens are good, in seconds. */
  expiresIn: number;
  /** Answers in turn, the last one again and again; an empty list hangs up at once. */
  answers: ((response: ServerResponse) => void)[];
}

/** Opens one before each test of this block. Answers may take `timeoutMs`, however busy the machine. */
export function useFrontDesk({ timeoutMs = 10_000 } = {}): FrontDesk {
  const front = {} as FrontDesk;
  const server = createServer((request, response) => {
    request.resume();
    if (request.url?.startsWith("/v1/sessions") === true) {
      const number = front.signIns.push(request.url);
      const tokens = { accessToken: `access-${number}`, refreshToken: `refresh-${number}` };
      front.session(response, { ...tokens, expiresIn: front.expiresIn });
      return;
    }
    front.asked.push(request);
    const { answers } = front;
    const next = answers.length > 1 ? answers.shift() : answers[0];
    (next ?? hangUp)(response);
  });
  before((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  beforeEach(() => {
    const { port } = server.address() as AddressInfo;
    const history = new History();
    const client = new RestClient(`http://127.0.0.1:${port}`, { sockets: 4, timeoutMs });
    const desk = new Desk({ client, history });
    const person = new Person("somebody", { email: "a@example.com", password: "secret" });
    const session = (response: ServerResponse, tokens: object) => send(response, 201, tokens);
    Object.assign(front, { desk, history, client, person, session, expiresIn: 900 });
    Object.assign(front, { asked: [], answers: [], signIns: [] });
  });
  afterEach(() => front.client.close());
  after((done) => {
    server.close(done);
  });
  return front;
}

/** Answers with this. */
export function answer(
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): (response: ServerResponse) => void {
  return (response) => send(response, status, body, headers);
}

/** Ends the connection without a word. */
export function hangUp(response: ServerResponse): void {
  response.destroy();
}

/** Never answers. */
export function silence(): void {
  // The client must end it.
}

function send(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}
