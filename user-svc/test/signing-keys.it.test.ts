import { expect } from "chai";
import { importJWK, jwtVerify } from "jose";
import { listSigningKeys } from "../src/app/list-signing-keys.ts";
import { refreshSession } from "../src/app/refresh-session.ts";
import { PUBLISH_AHEAD_MS } from "../src/domain/signing-key.ts";
import { newPerson, ROTATION_MS, useUserService } from "./use-user-service.ts";

describe("signing keys", () => {
  const service = useUserService();

  async function listed() {
    return (await service.client.listSigningKeys({})).keys;
  }

  async function signIn(): Promise<string> {
    const person = newPerson();
    await service.client.createUser(person);
    const { tokens } = await service.client.createSession(person);
    return tokens?.accessToken ?? "";
  }

  /** Verifies as a caller does: with the listed keys only. Resolves to the `kid`. */
  async function verify(accessToken: string, currentDate: Date): Promise<string | undefined> {
    const keys = await listed();
    const { protectedHeader } = await jwtVerify(
      accessToken,
      ({ kid }) => {
        const x = keys.find(({ keyId }) => keyId === kid)?.publicKey;
        if (x === undefined) {
          throw new Error("unknown key");
        }
        return importJWK({ kty: "OKP", crv: "Ed25519", x }, "EdDSA");
      },
      { currentDate, algorithms: ["EdDSA"], issuer: "tessera", audience: "tessera" },
    );
    return protectedHeader.kid;
  }

  it("come into being once, when two replicas begin together", async () => {
    expect(await service.app.signingKeys.list()).to.deep.equal([]);
    const rings = Array.from({ length: 4 }, () => service.newKeyRing());
    // Whoever lists them first, before anybody signed in, is not told of none.
    const lists = await Promise.all(
      rings.map((keyRing) => listSigningKeys({ ...service.app, keyRing })),
    );
    expect(lists.map((list) => list.length)).to.deep.equal([1, 1, 1, 1]);
    const signers = await Promise.all(rings.map((ring) => ring.signer()));
    expect(new Set(signers.map(({ keyId }) => keyId)).size).to.equal(1);
    const keys = await listed();
    expect(keys.map(({ keyId }) => keyId)).to.deep.equal([signers[0]?.keyId]);
    expect(keys[0]?.expireTime).to.equal(undefined);
  });

  it("are stored sealed", async () => {
    const [rows] = await service.schema.pool.query("SELECT * FROM signing_key");
    const [row] = rows as { sealed_private_key: Buffer }[];
    // An Ed25519 key in PKCS #8 begins like this when it is in the clear.
    expect(row?.sealed_private_key.includes(Buffer.from("302e0201", "hex"))).to.equal(false);
  });

  it("rotate: announced first, then used, while older tokens stay good", async () => {
    const oldToken = await signIn();
    const now = () => service.app.clock();
    const oldKey = await verify(oldToken, now());

    service.advance(ROTATION_MS);
    expect(await verify(await signIn(), now())).to.equal(oldKey);
    const announced = await listed();
    expect(announced).to.have.length(2);
    expect(announced[1]?.keyId).to.equal(oldKey);
    const lateToken = await signIn();

    service.advance(PUBLISH_AHEAD_MS + 1_000);
    expect(await verify(await signIn(), now())).to.equal(announced[0]?.keyId);
    expect(await verify(lateToken, now())).to.equal(oldKey);
    const [, replaced] = await listed();
    expect(replaced?.expireTime).not.to.equal(undefined);

    service.advance(3_600_000);
    expect((await listed()).map(({ keyId }) => keyId)).to.deep.equal([announced[0]?.keyId]);
  });

  it("rotate once, when many replicas find it due", async () => {
    const before = await service.app.signingKeys.list();
    service.advance(2 * ROTATION_MS);
    const rings = Array.from({ length: 4 }, () => service.newKeyRing());
    await Promise.all(rings.map((ring) => ring.signer()));
    expect(await service.app.signingKeys.list()).to.have.length(before.length + 1);
  });
});

describe("a replica's signing keys", () => {
  const service = useUserService();

  it("are not made by a replica that cannot open the others'", async () => {
    await service.newKeyRing().signer();
    service.advance(ROTATION_MS);
    const before = await service.app.signingKeys.list();
    const failure = await service
      .newKeyRing({ sealingKey: Buffer.alloc(32, 9) })
      .signer()
      .catch((reason: unknown) => reason);
    expect(String(failure)).to.contain("KEY_ENCRYPTION_KEY");
    expect(await service.app.signingKeys.list()).to.have.length(before.length);
    await service.newKeyRing().signer();
    expect(await service.app.signingKeys.list()).to.have.length(before.length + 1);
  });

  it("are good for minutes while they cannot be read, and not for longer", async () => {
    const { signingKeys } = service.app;
    let isAway = false;
    const list = () =>
      isAway ? Promise.reject(new Error("the database is away")) : signingKeys.list();
    const insertOnce = signingKeys.insertOnce.bind(signingKeys);
    const ring = service.newKeyRing({ store: { list, insertOnce } });
    const { keyId } = await ring.signer();
    isAway = true;
    for (const ms of [61_000, 1_000, 230_000]) {
      service.advance(ms);
      expect((await ring.signer()).keyId).to.equal(keyId);
    }
    service.advance(10_000);
    const failure = await ring.signer().catch((reason: unknown) => reason);
    expect(String(failure)).to.contain("away");
    isAway = false;
    expect((await ring.signer()).keyId).to.be.a("string");
  });

  it("are read again in time, though the machine's clock was set back", async () => {
    const { signingKeys, clock } = service.app;
    let [reads, backMs, elapsedMs] = [0, 0, 0];
    const list = () => {
      reads += 1;
      return signingKeys.list();
    };
    const insertOnce = signingKeys.insertOnce.bind(signingKeys);
    const ring = service.newKeyRing({
      store: { list, insertOnce },
      clock: () => new Date(clock().getTime() - backMs),
      now: () => elapsedMs,
    });
    await ring.signer();
    [reads, backMs] = [0, 86_400_000];
    for (const ms of [59_000, 2_000]) {
      elapsedMs += ms;
      await ring.signer();
    }
    expect(reads).to.equal(1);
  });

  it("are asked for before a refresh token is used up", async () => {
    const person = newPerson();
    await service.client.createUser(person);
    const { tokens } = await service.client.createSession(person);
    const refreshToken = tokens?.refreshToken ?? "";
    const keyRing = service.newKeyRing({ sealingKey: Buffer.alloc(32, 9) });
    const broken = { ...service.app, keyRing };
    const failure = await refreshSession(broken, { requestId: "first", refreshToken }).catch(
      (reason: unknown) => reason,
    );
    expect(String(failure)).to.contain("KEY_ENCRYPTION_KEY");
    const next = await service.client.refreshSession({ requestId: "second", refreshToken });
    expect(next.replayed).to.equal(false);
  });
});
