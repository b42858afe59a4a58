import { randomUUID } from "node:crypto";
import { type DescMethod, fromBinary, fromJson, type Message } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { Client, credentials, type ServiceError as GrpcFailure, Metadata } from "@grpc/grpc-js";
import { ErrorInfoSchema } from "@tessera/proto/common/v1/error_info_pb";
import { isReason, REASONS, type Reason } from "@tessera/proto/reasons";
import { fromGrpcStatus } from "@tessera/service-kit/rpc-status";
import { violationsOf } from "@tessera/testkit/invariants";
import { expect } from "chai";
import fc from "fast-check";
import { createEvent, newBuyer } from "../market.ts";
import { call } from "../rest.ts";
import { useSharedSystem } from "../shared-system.ts";
import { adminUrl } from "../watch.ts";
import { aliveCheck, FUZZ, FUZZ_TIMEOUT_MS } from "./fuzz-settings.ts";
import { hostileText } from "./hostile-text.ts";
import type { KnownIds } from "./known-ids.ts";
import { bytesOf, jsonOf } from "./message-values.ts";
import { type Rpc, rpcs } from "./rpcs.ts";

/** A call that takes longer hangs, in milliseconds. */
const HANG_MS = 10_000;
/** Refusals that blame the caller or the state of the world; these blame us. */
const OURS: readonly Reason[] = [
  "INTERNAL",
  "UNIMPLEMENTED",
  "DEPENDENCY_UNAVAILABLE",
  "WAITING_ROOM_UNAVAILABLE",
  "OVERLOADED",
  "DEADLINE_EXCEEDED",
  "CANCELLED",
];

const ALL = await rpcs();

describe("whatever is sent to an RPC", function () {
  this.timeout(FUZZ_TIMEOUT_MS);
  const system = useSharedSystem();
  /** Events of its own for each service: the ledger's RPCs leave nothing as it was. */
  const known: Record<string, KnownIds> = {};
  const clients = new Map<string, Client>();
  let checkAlive: () => void;

  before(async () => {
    const url = system.bffUrl();
    checkAlive = aliveCheck(system);
    const buyer = await newBuyer(url);
    const room = { admitPerMinute: 1_000, maxActive: 1_000, passSeconds: 60 };
    for (const service of new Set(ALL.map((one) => one.service))) {
      const event = await createEvent(url, [100_000], { maxPerUser: 1_000 });
      const queued = await createEvent(url, [100_000], { maxPerUser: 1_000, waitingRoom: room });
      const { body } = await buyer.reserve(event);
      const shown = await call<{ organiserId: string }>(`${url}/v1/events/${event.id}`);
      known[service] = {
        event: [event.id, queued.id],
        "ticket type": [...event.types, ...queued.types],
        reservation: [body.id, randomUUID()],
        user: [buyer.userId],
        organiser: [shown.body.organiserId],
      };
      const port = system.processes[service][0]?.port("grpcPort");
      clients.set(service, new Client(`127.0.0.1:${port}`, credentials.createInsecure()));
    }
  });
  after(() => {
    for (const client of clients.values()) {
      client.close();
    }
  });

  const headersFor = (service: string) =>
    fc.record({
      "x-tessera-user-id": fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(...(known[service]?.user ?? [])) },
        { weight: 1, arbitrary: fc.constantFrom("", "root", "*", randomUUID()) },
      ),
      "x-tessera-role": fc.constantFrom("customer", "organiser", "", "admin"),
      "x-request-id": hostileText().map((text) => text.replaceAll(/[^ -~]/g, "?").trim()),
    });

  for (const { method, service } of ALL) {
    it(`gets an answer of the catalogue: ${method.parent.name}.${method.name}`, async () => {
      const client = clients.get(service);
      const requests = bytesOf(method.input, known[service] ?? {});
      const property = fc.asyncProperty(requests, headersFor(service), async (bytes, headers) => {
        expectTold(method, await callGrpc(client, method, bytes, headers));
      });
      await fc.assert(property, FUZZ);

      const texts = jsonOf(method.input, known[service] ?? {}).map((json) => JSON.stringify(json));
      const byConnect = fc.asyncProperty(texts, headersFor(service), async (text, headers) => {
        await callConnect({ method, service }, text ?? "", headers);
      });
      await fc.assert(byConnect, FUZZ);
      checkAlive();
    });
  }

  async function callConnect(
    { method, service }: Rpc,
    body: string,
    headers: Record<string, string>,
  ): Promise<void> {
    const url = adminUrl(system.processes[service][0]);
    const response = await fetch(`${url}/${method.parent.typeName}/${method.name}`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body,
      signal: AbortSignal.timeout(HANG_MS),
    });
    const text = await response.text();
    if (response.status === 200) {
      expectEntriesTold(fromJson(method.output, JSON.parse(text)));
    } else {
      expect(response.status, text).to.be.lessThan(500);
      expect(JSON.parse(text).code, text).not.to.be.oneOf(["internal", "unknown", undefined]);
      expect(text).not.to.match(/node_modules|\.ts:\d/);
    }
  }

  it("leaves the stock exact", async () => {
    for (const eventId of Object.values(known).flatMap(({ event = [] }) => event)) {
      const found = await violationsOf(system.mysqlUrls, { eventId, isSettled: false });
      expect(found).to.deep.equal([]);
    }
  });
});

type Told = { failure: GrpcFailure | null; bytes: Buffer | undefined };

function callGrpc(
  client: Client | undefined,
  method: DescMethod,
  bytes: Buffer,
  headers: Readonly<Record<string, string>>,
): Promise<Told> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) {
    metadata.set(name, value);
  }
  const asIs = (message: Buffer) => message;
  const path = `/${method.parent.typeName}/${method.name}`;
  const deadline = Date.now() + HANG_MS;
  return new Promise((resolve, reject) => {
    if (client === undefined) {
      reject(new Error("there is no client"));
      return;
    }
    client.makeUnaryRequest(path, asIs, asIs, bytes, metadata, { deadline }, (failure, answer) =>
      resolve({ failure, bytes: answer }),
    );
  });
}

function expectTold(method: DescMethod, { failure, bytes }: Told): void {
  if (failure === null) {
    expectEntriesTold(fromBinary(method.output, bytes ?? Buffer.alloc(0)));
    return;
  }
  const { code, rawMessage, ...more } = fromGrpcStatus(failure);
  const info = fromGrpcStatus(failure).findDetails(ErrorInfoSchema)[0];
  expectReason({ code, reason: info?.reason ?? "", message: rawMessage });
  expect(more).not.to.have.property("stack");
}

/** A batch is answered entry by entry; its entries fail with the same catalogue. */
function expectEntriesTold(message: Message): void {
  const entries: unknown[] = Object.values(message);
  for (const value of entries.flat()) {
    if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
      if ("$typeName" in value && value.$typeName === "tessera.common.v1.EntryError") {
        expectReason(value as unknown as { code: number; reason: string; message: string });
      } else {
        expectEntriesTold(value as Message);
      }
    }
  }
}

function expectReason(told: { code: number; reason: string; message: string }): void {
  const { code, reason, message } = told;
  const shown = `${Code[code]} ${reason}: ${message}`;
  expect(isReason(reason), shown).to.equal(true);
  expect(REASONS[reason as Reason].code, shown).to.equal(code);
  expect(OURS, shown).not.to.include(reason);
}
