import { randomUUID } from "node:crypto";
import { ConnectError } from "@connectrpc/connect";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { toServiceError } from "@tessera/service-kit/connect-error";
import { uuidLiteral } from "@tessera/service-kit/sql-literal";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { Redis } from "ioredis";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { type Buyer, createEvent, newBuyers } from "./market.ts";
import { useClients } from "./rpc.ts";
import { SaleStorm } from "./sale-storm.ts";
import { expectExact } from "./settled.ts";
import { useSharedSystem } from "./shared-system.ts";
import { metricOf } from "./watch.ts";

describe("Redis", () => {
  const system = useSharedSystem();
  const clientOf = useClients();
  const reservation = () => system.processes["reservation-svc"][0];
  let buyers: Buyer[];
  before(async () => {
    buyers = await newBuyers(system.bffUrl(), 40);
  });

  function beginStorm(): Promise<SaleStorm> {
    return SaleStorm.begin({ system, buyers, capacity: 200, rounds: 3 });
  }

  it("is stopped in a storm: sales go on without it, and take locks again afterwards", async () => {
    const storm = await beginStorm();
    await storm.reach(60);
    await system.redis.stop();
    try {
      await untilBreaker(1);
      await untilRoomsLost(1);
      await storm.reach(storm.answered + 60);
    } finally {
      await system.redis.start();
    }
    await storm.endsWell();
    await expectLocksAgain();
    await untilRoomsLost(0);
    await untilPublished(storm);
  });

  it("is paused in a storm: sales go on without it, and take locks again afterwards", async () => {
    const storm = await beginStorm();
    await storm.reach(60);
    await system.redis.pause();
    try {
      await untilBreaker(1);
      await storm.reach(storm.answered + 60);
    } finally {
      system.redis.signal("SIGCONT");
    }
    await storm.endsWell();
    await expectLocksAgain();
    await untilPublished(storm);
  });

  it("loses all that it knew in a storm: its tokens go on growing, and sales go on", async () => {
    const storm = await beginStorm();
    const redis = new Redis(system.redis.url);
    try {
      for (const answers of [60, 120]) {
        await storm.reach(answers);
        await redis.flushall();
      }
    } finally {
      redis.disconnect();
    }
    await storm.endsWell();
    await expectLocksAgain();
  });

  it("gives out tokens that are too old: they are refused, counted, and caught up with", async () => {
    const [buyer] = buyers;
    const event = await createEvent(system.bffUrl(), [5]);
    expect((await buyer?.reserve(event))?.status).to.equal(201);
    const [inventory] = system.processes["inventory-svc"];
    const refusals = () => metricOf(inventory, "tessera_fencing_refusals_total");
    const before = await refusals();
    // A lock holder whose Redis was a minute ahead of this one.
    const client = clientOf(InventoryService, inventory?.port("grpcPort") ?? 0);
    const entry = {
      allocationId: randomUUID(),
      userId: randomUUID(),
      items: [{ ticketTypeId: event.types[0] ?? "", quantity: 99 }],
    };
    const ahead = { eventId: event.id, fencingToken: BigInt((Date.now() + 60_000) * 1000) };
    await client.batchAllocate({ ...ahead, entries: [entry] });
    expect((await buyer?.reserve(event))?.status).to.equal(201);
    expect(await refusals()).to.be.greaterThan(before);
    const old = client.batchAllocate({ ...ahead, fencingToken: 1n, entries: [entry] });
    const failure = await old.catch((reason: unknown) => ConnectError.from(reason));
    expect(failure instanceof ConnectError && toServiceError(failure).reason).to.equal("FENCED");
    await expectExact(system, event);
  });

  function untilBreaker(open: 0 | 1): Promise<boolean> {
    return until(
      `the breaker says ${open}`,
      async () => (await metricOf(reservation(), "tessera_redis_breaker_open")) === open,
    );
  }

  function untilRoomsLost(lost: 0 | 1): Promise<boolean> {
    return until(
      `the waiting rooms say ${lost}`,
      async () => (await metricOf(reservation(), "tessera_waiting_room_store_lost")) === lost,
    );
  }

  /** The way back is taken by itself: the next sale is under a lock. */
  async function expectLocksAgain(): Promise<void> {
    await untilBreaker(0);
    const locks = () => metricOf(reservation(), "tessera_lock_wait_seconds_count");
    const before = await locks();
    const storm = await SaleStorm.begin({
      system,
      buyers: buyers.slice(0, 2),
      capacity: 1,
      rounds: 1,
    });
    await storm.endsWell();
    expect(await locks()).to.be.greaterThan(before);
  }

  /** The stream tells of every move of the event, in order, whatever was lost on the way. */
  async function untilPublished({ event }: SaleStorm): Promise<void> {
    await using connection = await createConnection(system.mysqlUrls.reservation);
    const redis = new Redis(system.redis.url);
    try {
      const [rows] = await connection.query<RowDataPacket[]>(
        `SELECT o.seq FROM outbox o JOIN reservation r ON r.id = o.reservation_id
         WHERE r.event_id = ${uuidLiteral(event.id)} ORDER BY o.seq`,
      );
      const moves = rows.map(({ seq }) => Number(seq));
      await until("every move is published", async () => {
        const published = (await redis.xrange("tessera:reservations", "-", "+"))
          .map(([, fields]) => Number(fields[fields.indexOf("seq") + 1]))
          // At least once: a repeat is told by its number.
          .filter((seq, index, all) => all.indexOf(seq) === index);
        const known = new Set(published);
        return moves.every((seq) => known.has(seq)) && isSorted(published);
      });
    } finally {
      redis.disconnect();
    }
  }
});

function isSorted(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0));
}
