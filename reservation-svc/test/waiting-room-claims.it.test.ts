import { randomUUID } from "node:crypto";
import { ServiceError } from "@tessera/service-kit/service-error";
import { expect } from "chai";
import { reservationIdOf } from "../src/app/create-reservation.ts";
import { settleClaims } from "../src/app/settle-claims.ts";
import { StoreLost } from "../src/app/waiting-room-store.ts";
import type { Room } from "../src/domain/waiting-room.ts";
import { Turnstile } from "./turnstile.ts";
import { SlowInsert, usePassGate } from "./use-pass-gate.ts";
import { reasonOf, wishFor } from "./use-reservations.ts";
import { admitAll, IN_STOCK, PLENTY, people, standings } from "./use-waiting-room.ts";

describe("the claim of a pass", () => {
  const gate = usePassGate();
  const { ledger } = gate.reservations;
  const create = (wish: Parameters<typeof gate.opened.replica.create>[0]) =>
    gate.opened.replica.create(wish);

  it("does not hand back the pass of a request that is under way elsewhere", async () => {
    const event = gate.newEvent({ capacity: 2 });
    const wish = await gate.wishWithPass(event);
    const slow = new SlowInsert(gate.reservations.schema.pool);
    const first = gate.newReplica({ store: slow }).create(wish);
    await slow.turnstile.reached;
    // The ledger has granted it, and it is being written. The same key comes with another body.
    const other = { ...wish, items: wishFor(event, { quantity: 2 }).items };
    expect(await reasonOf(create(other))).to.equal("IDEMPOTENCY_KEY_REUSED");
    slow.turnstile.go();
    await first;
    expect(await gate.stores.sizes(event.room)).to.include({ active: 0 });
    expect(await reasonOf(create({ ...wish, requestId: "another" }))).to.equal("PASS_USED");
  });

  it("does not hand back a pass that the same request has claimed again elsewhere", async () => {
    const event = gate.newEvent({ capacity: 2 });
    const wish = await gate.wishWithPass(event);
    const turns = [new Turnstile(), new Turnstile()];
    let calls = 0;
    ledger.before = async (method) => {
      if (method === "allocate") {
        calls += 1;
        await turns[calls - 1]?.pass();
      }
    };
    // Two tries with one key, the first one for more than there is; both claim, then both ask.
    const tooMuch = { ...wish, items: wishFor(event, { quantity: 3 }).items };
    const refused = reasonOf(gate.newReplica({}).create(tooMuch));
    await turns[0]?.reached;
    const granted = create(wish);
    await turns[1]?.reached;
    turns[0]?.go();
    expect(await refused).to.equal("SOLD_OUT");
    const another = { ...wish, requestId: "another" };
    expect(await reasonOf(create(another))).to.equal("REQUEST_IN_PROGRESS");
    turns[1]?.go();
    await granted;
    ledger.before = () => Promise.resolve();
    expect(await gate.stores.sizes(event.room)).to.include({ active: 0 });
    expect(await reasonOf(create(another))).to.equal("PASS_USED");
  });

  it("hands back what a repeat was refused, once the first try must be dead", async () => {
    const event = gate.newEvent({ capacity: 1 });
    const wish = await gate.wishWithPass(event);
    ledger.before = () => Promise.reject(new ServiceError("DEADLINE_EXCEEDED", "too late"));
    await reasonOf(create({ ...wish, items: wishFor(event, { quantity: 2 }).items }));
    ledger.before = () => Promise.resolve();
    const tooMuch = { ...wish, items: wishFor(event, { quantity: 2 }).items };
    const another = { ...wish, requestId: "another" };
    expect(await reasonOf(create(tooMuch))).to.equal("SOLD_OUT");
    expect(await reasonOf(create(another)), "too early").to.equal("REQUEST_IN_PROGRESS");
    await gate.ageClaim(event, wish.userId, 11_000);
    expect(await reasonOf(create(tooMuch))).to.equal("SOLD_OUT");
    await create(another);
  });

  for (const [what, spoil] of [
    ["has expired", (room: Room, userId: string) => gate.stores.age(room, userId, 3_600_000)],
    [
      "is of a place that was given up",
      (room: Room, userId: string) => gate.opened.rooms.leave({ eventId: room.eventId, userId }),
    ],
  ] as const) {
    it(`finishes what was granted before its first try died, though the pass ${what}`, async () => {
      const event = gate.newEvent({ capacity: 1 });
      const wish = await gate.wishWithPass(event);
      const dying = new SlowInsert(gate.reservations.schema.pool);
      dying.turnstile.fail(new ServiceError("DEPENDENCY_UNAVAILABLE", "killed just here"));
      await reasonOf(gate.newReplica({ store: dying }).create(wish));
      await spoil(event.room, wish.userId);
      const { reservation } = await create(wish);
      expect(reservation.id).to.equal(reservationIdOf(wish));
      expect(ledger.stockOf(event.eventId)).to.include({ held: 1 });
    });
  }

  it("hands the pass back when the ledger refused", async () => {
    const event = gate.newEvent({ capacity: 3, maxPerUser: 2 });
    const wish = await gate.wishWithPass(event);
    const much = { ...wish, requestId: "much", items: wishFor(event, { quantity: 3 }).items };
    expect(await reasonOf(create(much))).to.equal("LIMIT_EXCEEDED");
    const more = { ...wish, requestId: "more", items: wishFor(event, { quantity: 4 }).items };
    expect(await reasonOf(create(more))).to.equal("SOLD_OUT");
    await create(wish);
  });

  it("hands the pass back when there was too much to do", async () => {
    const event = gate.newEvent();
    const wish = await gate.wishWithPass(event);
    ledger.before = () => Promise.reject(new ServiceError("OVERLOADED", "later"));
    expect(await reasonOf(create(wish))).to.equal("OVERLOADED");
    ledger.before = () => Promise.resolve();
    await create({ ...wish, requestId: "another" });
  });

  it("keeps the pass for a request whose end nobody knows, so that its repeat can finish it", async () => {
    const event = gate.newEvent();
    const wish = await gate.wishWithPass(event);
    ledger.before = () => Promise.reject(new ServiceError("DEADLINE_EXCEEDED", "too late"));
    expect(await reasonOf(create(wish))).to.equal("DEADLINE_EXCEEDED");
    ledger.before = () => Promise.resolve();
    const another = { ...wish, requestId: "another" };
    expect(await reasonOf(create(another))).to.equal("REQUEST_IN_PROGRESS");
    await create(wish);
    expect(await reasonOf(create(another))).to.equal("PASS_USED");
  });

  it("takes the pass over from a request that came to nothing", async () => {
    const event = gate.newEvent();
    const wish = await gate.wishWithPass(event);
    ledger.before = () => Promise.reject(new ServiceError("DEADLINE_EXCEEDED", "too late"));
    await reasonOf(create(wish));
    ledger.before = () => Promise.resolve();
    await gate.ageClaim(event, wish.userId, 11_000);
    const { reservation } = await create({ ...wish, requestId: "another" });
    expect(reservation.id).not.to.equal(reservationIdOf(wish));
    expect(await reasonOf(create(wish))).to.equal("PASS_USED");
  });

  it("does not take the pass over from a request whose units are held, and not yet written", async () => {
    const event = gate.newEvent();
    const wish = await gate.wishWithPass(event);
    const slow = new SlowInsert(gate.reservations.schema.pool);
    const first = gate.newReplica({ store: slow }).create(wish);
    await slow.turnstile.reached;
    await gate.ageClaim(event, wish.userId, 11_000);
    const another = { ...wish, requestId: "another" };
    expect(await reasonOf(create(another))).to.equal("REQUEST_IN_PROGRESS");
    slow.turnstile.go();
    await first;
    expect(await reasonOf(create(another))).to.equal("PASS_USED");
    expect(ledger.stockOf(event.eventId)).to.include({ held: 1 });
  });

  it("does not take the pass over from a request that was done, and could not say so", async () => {
    const event = gate.newEvent();
    const wish = await gate.wishWithPass(event);
    const { store } = gate.opened;
    const settle = store.settle.bind(store);
    store.settle = () => Promise.reject(new Error("the process was killed here"));
    await create(wish);
    store.settle = settle;
    const another = { ...wish, requestId: "another" };
    expect(await reasonOf(create(another))).to.equal("REQUEST_IN_PROGRESS");
    await gate.ageClaim(event, wish.userId, 11_000);
    expect(await reasonOf(create(another))).to.equal("PASS_USED");
    expect(await gate.stores.sizes(event.room)).to.include({ active: 0 });
    expect((await create(wish)).isReplay).to.equal(true);
  });

  it("takes the pass over from a request that was told of an older reservation", async () => {
    const event = gate.newEvent({ maxPerUser: 8 });
    const wish = await gate.wishWithPass(event);
    const { reservation } = await create(wish);
    await gate.reservations.makeOlder(reservation.id);
    const next = { ...wish, admissionPass: await gate.passFor(event, wish.userId) };
    const { store, replica } = gate.opened;
    const settle = store.settle.bind(store);
    store.settle = () => Promise.reject(new StoreLost("it restarts just now"));
    expect((await create(next)).isReplay).to.equal(true);
    store.settle = settle;
    await gate.ageClaim(event, wish.userId, 11_000);
    await settleClaims({ store, reservations: replica.store }, event.room, "0");
    expect(await gate.stores.sizes(event.room)).to.include({ active: 1 });
    expect((await create({ ...next, requestId: "another" })).isReplay).to.equal(false);
    expect(await gate.stores.sizes(event.room)).to.include({ active: 0 });
  });

  it("frees the slot of a reservation whose end nobody told, and no other", async () => {
    const event = gate.newEvent();
    const [done, open, young] = [
      await gate.wishWithPass(event),
      await gate.wishWithPass(event),
      await gate.wishWithPass(event),
    ];
    const { store, replica } = gate.opened;
    const settle = store.settle.bind(store);
    store.settle = () => Promise.reject(new StoreLost("it restarts just now"));
    await create({ ...done, items: wishFor(event, { quantity: 2 }).items });
    await create(young);
    store.settle = settle;
    ledger.before = () => Promise.reject(new ServiceError("DEADLINE_EXCEEDED", "too late"));
    await reasonOf(create(open));
    ledger.before = () => Promise.resolve();
    await gate.ageClaim(event, done.userId, 11_000);
    await gate.ageClaim(event, open.userId, 11_000);
    const deps = { store, reservations: replica.store };
    expect(await settleClaims(deps, event.room, "0")).to.equal("0");
    expect(await gate.stores.sizes(event.room)).to.include({ active: 2 });
    const step = await store.admit(event.room, { ...PLENTY, available: 0 });
    expect(step).to.include({ active: 2, units: 2 });
    await create(open);
  });

  it("finds such reservations in a large room, slice after slice", async () => {
    const event = gate.newEvent({ capacity: 1_000 });
    const { store } = gate.opened;
    const ids = people(700);
    await store.join(event.room, ids, IN_STOCK);
    await admitAll(store, event.room);
    const claims = standings(await store.poll(event.room, ids)).map((standing, index) => ({
      userId: ids[index] ?? "",
      serial: standing.state === "admitted" ? standing.serial : "",
      reservationId: randomUUID(),
    }));
    await store.claim(event.room, claims);
    await Promise.all(ids.map((userId) => gate.ageClaim(event, userId, 11_000)));
    const found = new Map<string, unknown>();
    let [cursor, slices] = ["0", 0];
    do {
      const slice = await store.doubts(event.room, cursor);
      slices += 1;
      for (const claim of slice.claims) {
        found.set(claim.userId, claim);
      }
      cursor = slice.nextCursor;
    } while (cursor !== "0");
    expect(slices).to.be.greaterThan(1);
    expect([...found.values()]).to.have.deep.members(claims);
  });

  it("gives one of many requests with one pass a reservation", async () => {
    const event = gate.newEvent();
    const wish = await gate.wishWithPass(event);
    const reasons = await Promise.all(
      Array.from({ length: 20 }, (_unused, nth) =>
        reasonOf(create({ ...wish, requestId: `${nth}` })),
      ),
    );
    expect(reasons.filter((reason) => reason === "none")).to.have.length(1);
    expect(new Set(reasons)).to.deep.equal(new Set(["none", "REQUEST_IN_PROGRESS"]));
    expect(ledger.stockOf(event.eventId)).to.include({ held: 1 });
  });
});
