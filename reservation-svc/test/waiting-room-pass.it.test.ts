import { randomUUID } from "node:crypto";
import { passKeysOf } from "@tessera/admission-pass";
import { expect } from "chai";
import { usePassGate } from "./use-pass-gate.ts";
import { reasonOf, wishFor } from "./use-reservations.ts";

describe("reserving with a pass", () => {
  const gate = usePassGate();
  const { ledger } = gate.reservations;
  const create = (wish: Parameters<typeof gate.opened.replica.create>[0]) =>
    gate.opened.replica.create(wish);

  it("takes the pass, which frees the slot", async () => {
    const event = gate.newEvent();
    const wish = await gate.wishWithPass(event);
    const { reservation, isReplay } = await create(wish);
    expect([reservation.userId, isReplay]).to.deep.equal([wish.userId, false]);
    expect(await gate.stores.sizes(event.room)).to.include({ active: 0, places: 1 });
    const [place] = await gate.opened.rooms.poll([wish]);
    expect(place).to.include({ reason: "PLACE_NOT_FOUND" });
  });

  it("is refused without a pass, and with somebody else's or one that nobody signed", async () => {
    const event = gate.newEvent();
    const wish = await gate.wishWithPass(event);
    const elsewhere = gate.newEvent();
    const claims = {
      eventId: event.eventId,
      userId: wish.userId,
      serial: "1",
      expireTime: new Date(Date.now() + 60_000),
    };
    const forged = await gate.sign(claims, passKeysOf(["a secret that a forger made up himself"]));
    const { admissionPass } = wish;
    for (const [reason, bad] of [
      ["PASS_REQUIRED", { ...wish, admissionPass: "" }],
      ["PASS_INVALID", { ...wish, admissionPass: "a.b.c" }],
      ["PASS_INVALID", { ...wish, admissionPass: forged }],
      ["PASS_INVALID", { ...wish, userId: randomUUID() }],
      ["PASS_INVALID", wishFor(elsewhere, { userId: wish.userId, admissionPass })],
      // Signed with our key, and of no admission that the waiting room knows of.
      ["PASS_INVALID", { ...wish, admissionPass: await gate.sign(claims) }],
    ] as const) {
      expect(await reasonOf(create(bad))).to.equal(reason);
    }
    expect(ledger.stockOf(event.eventId)).to.include({ held: 0 });
    await create(wish);
  });

  it("does not take the pass for what was reserved before its buyer was let in", async () => {
    const event = gate.newEvent();
    const wish = await gate.wishWithPass(event);
    const { reservation } = await create(wish);
    await gate.opened.replica.cancel(reservation);
    await gate.reservations.makeOlder(reservation.id);
    const next = { ...wish, admissionPass: await gate.passFor(event, wish.userId) };
    expect(await create(next)).to.deep.include({ isReplay: true });
    const other = { ...next, items: wishFor(event, { quantity: 2 }).items };
    expect(await reasonOf(create(other))).to.equal("IDEMPOTENCY_KEY_REUSED");
    expect(await gate.stores.sizes(event.room)).to.include({ active: 1 });
    await create({ ...next, requestId: randomUUID() });
    expect(await gate.stores.sizes(event.room)).to.include({ active: 0 });
  });

  it("takes the pass for what was just made, though the database's clock is behind", async () => {
    const event = gate.newEvent({ maxPerUser: 8 });
    const wish = await gate.wishWithPass(event);
    ledger.now = () => new Date(Date.now() - 5_000);
    await create(wish);
    expect(await gate.stores.sizes(event.room)).to.include({ active: 0 });
    expect(await reasonOf(create({ ...wish, requestId: randomUUID() }))).to.equal("PASS_USED");
  });

  it("does not hand back what a first try used, when its key comes with another body", async () => {
    const event = gate.newEvent();
    const wish = await gate.wishWithPass(event);
    const { store } = gate.opened;
    const settle = store.settle.bind(store);
    store.settle = () => Promise.reject(new Error("away"));
    await create(wish);
    store.settle = settle;
    await gate.ageClaim(event, wish.userId, 11_000);
    const other = { ...wish, items: wishFor(event, { quantity: 2 }).items };
    expect(await reasonOf(create(other))).to.equal("IDEMPOTENCY_KEY_REUSED");
    const another = { ...wish, requestId: randomUUID() };
    expect(await reasonOf(create(another))).to.equal("REQUEST_IN_PROGRESS");
  });

  // The ledger says whether the sale is over: this process's clock may be wrong, and what it knows of the sale old.
  it("is not refused because the sale is over by this process's clock", async () => {
    const event = gate.newEvent();
    const wish = await gate.wishWithPass(event);
    gate.source.add({ ...event.room, closeTime: new Date(Date.now() - 1_000) });
    const { eventId, userId } = wish;
    const expireTime = new Date(Date.now() - 1_000);
    const late = await gate.sign({ eventId, userId, serial: "1", expireTime });
    // It has not heard of the sale before.
    const replica = gate.newReplica();
    const create = (admissionPass: string) => reasonOf(replica.create({ ...wish, admissionPass }));
    expect(await create("")).to.equal("PASS_REQUIRED");
    expect(await create(late)).to.equal("PASS_EXPIRED");
    expect(await create(wish.admissionPass)).to.equal("none");
  });

  it("is good while the waiting room's clock says so, whatever this process's own says", async () => {
    const event = gate.newEvent();
    const wish = await gate.wishWithPass(event);
    const [, payload = ""] = wish.admissionPass.split(".");
    const { jti: serial } = JSON.parse(Buffer.from(payload, "base64url").toString());
    const { eventId, userId } = wish;
    // As one looks to this process while Redis's clock is behind.
    const expireTime = new Date(Date.now() - 3_600_000);
    const admissionPass = await gate.sign({ eventId, userId, serial, expireTime });
    expect(await create({ ...wish, admissionPass })).to.include({ isReplay: false });
  });

  it("is refused when the pass is late, by its text or by the waiting room's clock", async () => {
    const event = gate.newEvent();
    const wish = await gate.wishWithPass(event);
    const late = await gate.sign({
      eventId: event.eventId,
      userId: wish.userId,
      serial: "1",
      expireTime: new Date(Date.now() - 1_000),
    });
    expect(await reasonOf(create({ ...wish, admissionPass: late }))).to.equal("PASS_EXPIRED");
    await gate.stores.age(event.room, wish.userId, 3_600_000);
    expect(await reasonOf(create(wish))).to.equal("PASS_EXPIRED");
  });

  it("is refused when the place was given up since", async () => {
    const event = gate.newEvent();
    const wish = await gate.wishWithPass(event);
    await gate.opened.rooms.leave(wish);
    expect(await reasonOf(create(wish))).to.equal("PASS_INVALID");
  });

  it("takes a pass once; the request that took it gets its answer again, whenever it asks", async () => {
    const event = gate.newEvent();
    const wish = await gate.wishWithPass(event);
    const first = await create(wish);
    expect(await reasonOf(create({ ...wish, requestId: "another" }))).to.equal("PASS_USED");
    const { requestId, userId } = wish;
    const late = await gate.sign({
      eventId: event.eventId,
      userId,
      serial: "1",
      expireTime: new Date(Date.now() - 1_000),
    });
    for (const admissionPass of [wish.admissionPass, late, ""]) {
      const again = await create({ ...wish, admissionPass });
      expect(again).to.deep.equal({ reservation: first.reservation, isReplay: true });
    }
    const other = { ...wish, requestId, items: [{ ...wish.items[0], quantity: 2 }] };
    expect(await reasonOf(create(other as typeof wish))).to.equal("IDEMPOTENCY_KEY_REUSED");
    expect(ledger.stockOf(event.eventId)).to.include({ held: 1 });
  });

  it("claims and ends the passes of many with a few commands", async () => {
    const event = gate.newEvent();
    const wishes = await Promise.all(Array.from({ length: 60 }, () => gate.wishWithPass(event)));
    await gate.stores.redis().config("RESETSTAT");
    await Promise.all(wishes.map(create));
    const stats = await gate.stores.redis().info("commandstats");
    const scripts = [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)];
    const calls = scripts.reduce((sum, match) => sum + Number(match[1]), 0);
    expect(calls).to.be.within(2, 20);
    expect(ledger.stockOf(event.eventId)).to.include({ held: 60 });
  });

  it("asks nothing of an event without a waiting room, but once what it is", async () => {
    const event = ledger.addEvent();
    const { room } = gate.newEvent();
    gate.source.add({ ...room, eventId: event.eventId, rules: undefined });
    const before = { ...gate.source.calls };
    await Promise.all(Array.from({ length: 20 }, () => create(wishFor(event))));
    expect(gate.source.calls).to.deep.equal({ ...before, saleOf: before.saleOf + 1 });
    expect(await reasonOf(create(wishFor({ eventId: randomUUID(), types: event.types })))).to.equal(
      "EVENT_NOT_FOUND",
    );
  });
});
