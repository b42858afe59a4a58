import { randomUUID } from "node:crypto";
import { Client, credentials } from "@grpc/grpc-js";
import { expect } from "chai";
import { createEvent, newBuyer } from "./market.ts";
import { call } from "./rest.ts";
import { useSharedSystem } from "./shared-system.ts";
import { adminUrl, metricsOf } from "./watch.ts";

const SERVICES = {
  "inventory-svc": "tessera.inventory.v1.InventoryService",
  "reservation-svc": "tessera.reservation.v1.ReservationService",
  "user-svc": "tessera.user.v1.UserService",
} as const;

type Service = keyof typeof SERVICES;
const NAMES = Object.keys(SERVICES) as Service[];

/** What operators were promised to see, by process. */
const METRICS: Readonly<Record<Service | "bff", readonly string[]>> = {
  "inventory-svc": [
    "grpc_server_handled_total",
    "grpc_server_handling_seconds_bucket",
    "tessera_ledger_batch_size_bucket",
    "tessera_ledger_outcomes_total",
    "tessera_fencing_refusals_total",
    "tessera_orphan_sweep_lag_seconds",
    "tessera_oversold_units",
    "tessera_mysql_pool_connections",
    "tessera_mysql_pool_waiting",
    "nodejs_eventloop_lag_seconds",
  ],
  "reservation-svc": [
    "grpc_server_handled_total",
    "grpc_server_handling_seconds_bucket",
    "tessera_combiner_batch_size_bucket",
    "tessera_lock_wait_seconds_bucket",
    "tessera_lock_hold_seconds_bucket",
    "tessera_lock_lost_total",
    "tessera_redis_breaker_open",
    "tessera_sweep_lag_seconds",
    "tessera_outbox_lag_seconds",
    "tessera_mysql_pool_connections",
    "tessera_mysql_pool_waiting",
    "nodejs_eventloop_lag_seconds",
  ],
  "user-svc": [
    "grpc_server_handled_total",
    "grpc_server_handling_seconds_bucket",
    "tessera_password_hash_seconds_bucket",
    "tessera_password_hash_queue_depth",
    "tessera_mysql_pool_connections",
    "tessera_mysql_pool_waiting",
    "nodejs_eventloop_lag_seconds",
  ],
  bff: [
    "http_server_requests_total",
    "http_server_request_duration_seconds_bucket",
    "tessera_combine_batch_size_bucket",
    "tessera_combine_queue_depth",
    "tessera_place_streams",
    "tessera_token_cache_size",
    "tessera_reads_in_flight",
    "nodejs_eventloop_lag_seconds",
  ],
};

/** Everything that waits in a service, and is bounded there. */
const QUEUES: Readonly<Record<string, readonly string[]>> = {
  "inventory-svc": ["settle", "event", "stock", "list"],
  "reservation-svc": [
    ...["ledger", "write", "lookup", "replay", "confirm", "release", "read", "change", "list"],
    ...["pass", "used_pass"],
  ],
  "user-svc": ["signed_in"],
};

describe("every process", () => {
  const system = useSharedSystem();
  const url = () => system.bffUrl();
  const only = (name: Service | "bff") => system.processes[name][0];

  before(async () => {
    const buyer = await newBuyer(url());
    await buyer.reserve(await createEvent(url(), [1]));
  });

  for (const name of [...NAMES, "bff"] as const) {
    it(`measures what operators watch: ${name}`, async () => {
      const text = await metricsOf(only(name));
      const missing = METRICS[name].filter((metric) => !text.includes(`\n${metric}{`));
      expect(missing).to.deep.equal([]);
      if (name === "inventory-svc") {
        expect(text).to.match(/^tessera_oversold_units\{[^}]*\} 0$/m);
      }
      const queues = [...text.matchAll(/^tessera_queue_depth\{.*queue="(\w+)"/gm)];
      expect(queues.map(([, queue]) => queue)).to.have.members(QUEUES[name] ?? []);
    });

    it(`says that it lives and is ready: ${name}`, async () => {
      for (const path of ["/livez", "/readyz"]) {
        expect((await fetch(adminUrl(only(name)) + path)).status).to.equal(200);
      }
    });
  }

  for (const name of NAMES) {
    it(`tells a plain gRPC client of its health and its methods: ${name}`, async () => {
      const client = new Client(
        `127.0.0.1:${only(name)?.port("grpcPort")}`,
        credentials.createInsecure(),
      );
      try {
        // HealthCheckRequest{} and, in the answer, status (1): SERVING (1).
        expect([...(await unary(client, "/grpc.health.v1.Health/Check"))]).to.deep.equal([8, 1]);
        expect(await reflect(client, listServices())).to.contain(SERVICES[name]);
        expect(await reflect(client, fileOf(SERVICES[name]))).to.contain(
          SERVICES[name].split(".").at(-1),
        );
      } finally {
        client.close();
      }
    });
  }

  it("answers Connect's JSON on its HTTP port", async () => {
    const bodies: Readonly<Record<Service, [method: string, field: string]>> = {
      "inventory-svc": ["ListEvents", "events"],
      "reservation-svc": ["ListReservations", "nextPageToken"],
      "user-svc": ["ListSigningKeys", "keys"],
    };
    for (const name of NAMES) {
      const [method, field] = bodies[name];
      const answer = await call<object>(`${adminUrl(only(name))}/${SERVICES[name]}/${method}`, {
        body: {},
        headers: { "x-tessera-user-id": randomUUID() },
      });
      expect([name, answer.status]).to.deep.equal([name, 200]);
      if (name !== "reservation-svc") {
        expect(answer.body).to.have.property(field);
      }
    }
    const refused = await call<{ details: unknown[] }>(
      `${adminUrl(only("inventory-svc"))}/${SERVICES["inventory-svc"]}/GetEvent`,
      { body: { eventId: randomUUID() } },
    );
    expect([refused.status, refused.body.code]).to.deep.equal([404, "not_found"]);
    expect(refused.text).to.contain("EVENT_NOT_FOUND");
  });

  it("is described: the OpenAPI document and a page that shows it", async () => {
    const document = await call<{ openapi: string; paths: object }>(`${url()}/openapi.json`);
    expect(document.body.openapi).to.match(/^3\.1\./);
    expect(document.body.paths).to.include.keys("/v1/reservations", "/v1/events/{id}/availability");
    const page = await call(`${url()}/docs`);
    expect([page.status, page.headers.get("content-type")]).to.deep.equal([
      200,
      "text/html; charset=utf-8",
    ]);
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? "");
    expect(links).not.to.deep.equal([]);
    for (const link of links) {
      expect(link, "a page of ours needs nobody else").to.match(/^\//);
      expect((await fetch(url() + link)).status, link).to.equal(200);
    }
  });
});

const asIs = (bytes: Buffer) => bytes;

function unary(client: Client, path: string): Promise<Buffer> {
  const empty = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, asIs, asIs, empty, (failure, answer) => {
      if (answer === undefined) {
        reject(failure ?? new Error("no answer"));
      } else {
        resolve(answer);
      }
    });
  });
}

/** Asks the reflection service one thing; resolves to the answer as text. */
function reflect(client: Client, request: Buffer): Promise<string> {
  const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
  const stream = client.makeBidiStreamRequest(path, asIs, asIs);
  return new Promise((resolve, reject) => {
    stream.on("data", (answer: Buffer) => resolve(answer.toString("latin1")));
    stream.on("error", reject);
    stream.write(request);
    stream.end();
  });
}

/** ServerReflectionRequest, list_services (7): all of them. */
function listServices(): Buffer {
  return Buffer.from([0x3a, 1, 0x2a]);
}

/** ServerReflectionRequest, file_containing_symbol (4). */
function fileOf(symbol: string): Buffer {
  return Buffer.concat([Buffer.from([0x22, symbol.length]), Buffer.from(symbol)]);
}
