import { expect } from "chai";
import { purgeSessions } from "../src/app/purge-sessions.ts";
import { reasonOf, refreshesOf, signedInTo, useUserService } from "./use-user-service.ts";

const DAY_MS = 86_400_000;

describe("the time of a session", () => {
  const service = useUserService();

  const signedIn = () => signedInTo(service);
  const refresh = refreshesOf(service);

  describe("the time of a refresh token", () => {
    it("begins anew with each refresh, and ends", async () => {
      const { refreshToken } = await signedIn();
      service.advance(29 * DAY_MS);
      const second = await refresh(refreshToken);
      service.advance(29 * DAY_MS);
      const third = await refresh(second);
      service.advance(30 * DAY_MS);
      expect(await reasonOf(refresh(third))).to.equal("BAD_REFRESH_TOKEN");
    });

    it("is followed by its removal", async () => {
      const { sessionId } = await signedIn();
      const rows = async () => {
        const id = Buffer.from(sessionId.replaceAll("-", ""), "hex");
        const sql =
          "SELECT id FROM session WHERE id = ? UNION ALL SELECT session_id FROM refresh_token WHERE session_id = ?";
        const [found] = await service.schema.pool.query(sql, [id, id]);
        return (found as unknown[]).length;
      };
      // The database's clock decides, and not one that is far ahead.
      service.advance(31 * DAY_MS);
      await purgeSessions(service.app.sessions, () => false);
      expect(await rows()).to.equal(2);
      for (const table of ["session", "refresh_token"]) {
        await service.schema.pool.query(
          `UPDATE ${table} SET expire_time = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND`,
        );
      }
      await purgeSessions(service.app.sessions, () => false);
      expect(await rows()).to.equal(0);
    });

    it("is followed by a removal that does not wait for what expires meanwhile", async () => {
      const left = [1_000, 500, 3, 1, 1, 0];
      const purge = async () => left.shift() ?? 0;
      await purgeSessions({ purge }, () => false);
      expect(left).to.deep.equal([1, 1, 0]);
    });

    it("is not followed by a removal that outlasts its process", async () => {
      let bites = 0;
      const purge = async () => {
        bites += 1;
        return 1_000;
      };
      await purgeSessions({ purge }, () => bites === 3);
      expect(bites).to.equal(3);
    });
  });
});
