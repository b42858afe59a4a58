import { generateKeyPairSync, randomUUID } from "node:crypto";
import type { Client } from "@connectrpc/connect";
import { ReservationService } from "@tessera/proto/reservation/v1/reservation_service_pb";
import { expect } from "chai";
import { createEvent, type SaleEvent, stockOf } from "../market.ts";
import { useClients } from "../rpc.ts";
import { useSharedSystem } from "../shared-system.ts";
import { newWaiting, type WaitingBuyer } from "../waiting-buyer.ts";
import { byKey, bySecret, claimsOf, jwt, secondsFromNow, unsigned } from "./jwt.ts";

const WIDE = { admitPerMinute: 60_000, maxActive: 100, passSeconds: 60 };
const HS256 = { alg: "HS256", typ: "JWT" };

describe("admission passes", () => {
  const system = useSharedSystem();
  const clientOf = useClients();
  let reservations: Client<typeof ReservationService>;
  let event: SaleEvent;
  let ann: WaitingBuyer;
  /** A good one, Ann's, and what it says. */
  let pass: string;
  let claims: Record<string, unknown>;
  before(async () => {
    const port = system.processes["reservation-svc"][0]?.port("grpcPort") ?? 0;
    reservations = clientOf(ReservationService, port);
    event = await createEvent(system.bffUrl(), [10], { waitingRoom: WIDE });
    [ann] = (await newWaiting(system.bffUrl(), event, 1)) as [WaitingBuyer];
    await ann.join();
    pass = await ann.admitted();
    claims = claimsOf(pass);
  });

  const bySystem = (input: Buffer) => bySecret(system.settings.passSecret)(input);

  async function byRest(shown: string): Promise<unknown> {
    const { status, body } = await ann.reserve({ pass: shown });
    return status === 201 ? "reserved" : body.code;
  }

  /** As if the BFF had not looked at the pass. */
  async function byRpc(shown: string): Promise<unknown> {
    const { results } = await reservations.batchCreateReservations({
      entries: [
        {
          requestId: randomUUID(),
          userId: ann.buyer.userId,
          eventId: event.id,
          items: [{ ticketTypeId: event.types[0] ?? "", quantity: 1 }],
          admissionPass: shown,
        },
      ],
    });
    const outcome = results[0]?.outcome;
    return outcome?.case === "error" ? outcome.value.reason : "reserved";
  }

  /** Shows each to the BFF, and to reservation-svc itself. */
  async function expectEach(reason: string, passes: Readonly<Record<string, string>>) {
    const each = Object.entries(passes).map(async ([what, shown]) => {
      expect([what, await byRest(shown), await byRpc(shown)]).to.deep.equal([what, reason, reason]);
    });
    await Promise.all(each);
  }

  it("are refused when they are not ours, here, for them", async () => {
    const [header = "", payload = "", signature = ""] = pass.split(".");
    const { privateKey } = generateKeyPairSync("ed25519");
    const secret = system.settings.passSecret;
    const changed = Buffer.from(JSON.stringify({ ...claims, exp: 4_102_444_800 }));
    await expectEach("PASS_INVALID", {
      "another secret": jwt(HS256, claims, bySecret("x".repeat(48))),
      "an empty secret": jwt(HS256, claims, bySecret("")),
      "alg none": jwt({ alg: "none" }, claims, unsigned),
      "alg none, with a signature": `${jwt({ alg: "none" }, claims, unsigned)}${signature}`,
      "no alg": jwt({}, claims, bySystem),
      HS512: jwt({ alg: "HS512" }, claims, bySecret(secret, "sha512")),
      "HS256 by name, HS512 in truth": jwt(HS256, claims, bySecret(secret, "sha512")),
      EdDSA: jwt({ alg: "EdDSA" }, claims, byKey(privateKey)),
      "something critical that nobody knows": jwt(
        { ...HS256, crit: ["x"], x: 1 },
        claims,
        bySystem,
      ),
      "an access token": ann.buyer.token,
      "another's": jwt(HS256, { ...claims, sub: randomUUID() }, bySystem),
      "another event's": jwt(HS256, { ...claims, aud: randomUUID() }, bySystem),
      "everybody's": jwt(HS256, { ...claims, sub: undefined }, bySystem),
      "every event's": jwt(HS256, { ...claims, aud: undefined }, bySystem),
      "good for ever": jwt(HS256, { ...claims, exp: undefined }, bySystem),
      "not good yet": jwt(HS256, { ...claims, nbf: secondsFromNow(60) }, bySystem),
      "no serial": jwt(HS256, { ...claims, jti: undefined }, bySystem),
      "a serial that is none": jwt(HS256, { ...claims, jti: 1 }, bySystem),
      "longer good than it was": `${header}.${changed.toString("base64url")}.${signature}`,
      "less at the end": pass.slice(0, -1),
      "half of it": pass.slice(0, pass.length / 2),
      "no signature": `${header}.${payload}.`,
      "two of them": `${pass}, ${pass}`,
      "very long": jwt(HS256, { ...claims, more: "x".repeat(1_024) }, bySystem),
      "no pass": "let me in",
    });
  });

  it("are refused when nobody was given them, or they are late", async () => {
    await expectEach("PASS_REQUIRED", { nothing: "" });
    await expectEach("PASS_INVALID", {
      "another serial": jwt(HS256, { ...claims, jti: "1" }, bySystem),
      "a serial that is Redis's": jwt(HS256, { ...claims, jti: "1\r\nFLUSHALL\r\n" }, bySystem),
    });
    await expectEach("PASS_EXPIRED", {
      // One that is known is as late as the waiting room's clock says, whatever stands in it.
      "late and forgotten": jwt(HS256, { ...claims, jti: "1", exp: secondsFromNow(-1) }, bySystem),
    });
  });

  it("are good for one reservation after all that, and for no other", async () => {
    expect(await stockOf(system.bffUrl(), event)).to.deep.include.members([
      { id: event.types[0], capacity: 10, available: 10, held: 0, sold: 0 },
    ]);
    const [byOne, byOther] = await Promise.all([byRest(pass), byRpc(pass)]);
    const outcomes = [byOne, byOther];
    expect(outcomes.filter((outcome) => outcome === "reserved")).to.have.length(1);
    await expectEach("PASS_USED", { used: pass });
    const [stock] = await stockOf(system.bffUrl(), event);
    expect(stock?.held).to.equal(1);
  });
});
