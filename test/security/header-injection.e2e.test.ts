import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { DescMethod } from "@bufbuild/protobuf";
import { SERVICES, type ServiceName } from "@tessera/testkit/services";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { newBuyer, signIn } from "../market.ts";
import { call } from "../rest.ts";
import { useSharedSystem } from "../shared-system.ts";
import { adminUrl } from "../watch.ts";
import { sendRaw, statusesIn } from "./raw-http.ts";
import { rpcs } from "./rpcs.ts";

const INJECTED = "X-Injected: yes";
/** Line ends, as someone who writes headers or log lines might take them. */
const LINE_ENDS: Readonly<Record<string, string>> = {
  CRLF: "\r\n",
  "a line feed": "\n",
  "a carriage return": "\r",
  "a null": "\u0000",
  "escaped CRLF": "%0d%0a",
  "a vertical tab": "\u000b",
  // In UTF-8: next line, line separator, paragraph separator.
  NEL: "\u00c2\u0085",
  LS: "\u00e2\u0080\u00a8",
  PS: "\u00e2\u0080\u00a9",
  "a quote and a brace": `"}`,
};
const HEADERS = [
  "X-Request-Id",
  "traceparent",
  "tracestate",
  "Idempotency-Key",
  "Admission-Pass",
  "User-Agent",
  "Authorization",
  "If-None-Match",
  "X-Forwarded-For",
  "Accept",
  "Origin",
];
const FORGED = '{"level":"error","msg":"forged"}';

const ALL = await rpcs();

describe("headers and addresses with line ends in them", () => {
  const system = useSharedSystem();
  const port = () => Number(new URL(system.bffUrl()).port);
  let token: string;
  before(async () => {
    token = (await newBuyer(system.bffUrl())).token;
  });

  /** What the answers to a raw request say in their heads. */
  async function headsOf(lines: readonly string[], to = port()): Promise<string> {
    const request = [...lines, "Host: x", "Connection: close", "", ""].join("\r\n");
    const answered = await sendRaw(to, request);
    expect(statusesIn(answered), JSON.stringify(lines)).to.have.length(1);
    expect(statusesIn(answered)[0], JSON.stringify(lines)).to.be.within(200, 499);
    return answered.split("\r\n\r\n", 1)[0] ?? "";
  }

  for (const [what, end] of Object.entries(LINE_ENDS)) {
    it(`write no header of an answer: ${what}`, async () => {
      for (const header of HEADERS) {
        // Bytes that a header may not have are refused; what a real CRLF begins is a header sent.
        const head = await headsOf([
          "GET /v1/users/me HTTP/1.1",
          `Authorization: Bearer ${token}`,
          `${header}: abc${end}${INJECTED}${end}${FORGED}`,
        ]);
        expect(head, header).not.to.match(/x-injected/i);
        expect(requestIdIn(head), header).to.match(/^[A-Za-z0-9._-]{1,128}$|^$/);
      }
      for (const address of [`/v1/events/${end}${INJECTED}`, `/v1/events?q=${end}${INJECTED}`]) {
        expect(await headsOf([`GET ${address.replaceAll(" ", "")} HTTP/1.1`])).not.to.match(
          /x-injected/i,
        );
      }
    });
  }

  it("are stored and answered as text where a body carries them, or refused by the field", async () => {
    const organiser = await signIn(system.bffUrl());
    for (const end of ["\r\n", "\u0085", "\u2028", "\u2029", "\u0000"]) {
      const name = `A${end}${INJECTED}${end}${FORGED}`;
      const day = (days: number) => new Date(Date.now() + days * 864e5).toISOString();
      const created = await call<{ id: string; name: string }>(`${system.bffUrl()}/v1/events`, {
        token: organiser,
        body: {
          name,
          venue: name,
          startsAt: day(2),
          salesOpenAt: day(0),
          salesCloseAt: day(1),
          ticketTypes: [{ name, price: { amount: 1, currency: "EUR" }, capacity: 1 }],
        },
      });
      if (created.status === 201) {
        const shown = await call<{ name: string }>(
          `${system.bffUrl()}/v1/events/${created.body.id}`,
        );
        expect(shown.body.name).to.equal(name);
        expect(shown.headers.get("x-injected")).to.equal(null);
      } else {
        const fields = created.body.errors?.map(({ field }) => field);
        expect(fields).to.deep.equal(["name", "venue", "ticketTypes[0].name"]);
      }
    }
  });

  it("write no line of a service's log, whoever calls its port", async () => {
    for (const { service, method } of oneOfEach()) {
      for (const end of [...Object.values(LINE_ENDS), "x".repeat(10_000)]) {
        const answered = await sendRaw(
          Number(new URL(adminUrl(system.processes[service][0])).port),
          [
            `POST /${method.parent.typeName}/${method.name} HTTP/1.1`,
            "Host: x",
            "Connection: close",
            "Content-Type: application/json",
            "Content-Length: 2",
            `X-Request-Id: abc${end}${FORGED}`,
            "",
            "{}",
          ].join("\r\n"),
        );
        expect(statusesIn(answered)).to.have.length(1);
        expect(answered).not.to.match(/x-injected/i);
      }
    }
  });

  it("left every log one JSON object a line, none of them forged", async () => {
    for (const service of SERVICES) {
      const marker = randomUUID();
      const headers = { "x-request-id": marker };
      const rpc = oneOfEach().find((one) => one.service === service);
      const address =
        rpc === undefined
          ? `${system.bffUrl()}/v1/nothing`
          : `${adminUrl(system.processes[service][0])}/${rpc.method.parent.typeName}/${rpc.method.name}`;
      await call(address, { body: {}, headers });
      const log = await until(`${service} has written`, () => {
        const text = logOf(service);
        return text.includes(marker) && text;
      });
      for (const line of log.trimEnd().split("\n")) {
        const told = JSON.parse(line);
        expect(told, line).to.have.property("service", service);
        expect(told.msg, line).not.to.equal("forged");
        expect(String(told.requestId ?? "").length, line).to.be.at.most(MAX_ID);
      }
    }
  });

  function logOf(service: ServiceName): string {
    return readFileSync(system.processes[service][0]?.logFile ?? "", "utf8");
  }
});

/** Of what is logged as a request's id, in characters. */
const MAX_ID = 128;

function requestIdIn(head: string): string {
  return /^x-request-id: (.*)$/im.exec(head)?.[1]?.trim() ?? "";
}

/** One RPC of each service. */
function oneOfEach(): { service: ServiceName; method: DescMethod }[] {
  return SERVICES.flatMap((service) => ALL.find((one) => one.service === service) ?? []);
}
