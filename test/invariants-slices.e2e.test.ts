import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { violationsOf } from "@tessera/testkit/invariants";
import type { PerSchema } from "@tessera/testkit/schemas";
import { ROOT } from "@tessera/testkit/services";
import { expect } from "chai";
import { useDatasets } from "./use-dataset.ts";

/** The smaller, the more edges; the largest takes all at once. */
const SLICES = [7, 100, 1_000, 5_000, 20_000];

// Over tens of millions of rows the check goes slice by slice: no edge of one may hide anything.
describe("the check of the invariants, slice by slice", () => {
  const { emptySchemas, load, select } = useDatasets();
  let urls: PerSchema;
  before(async () => {
    urls = await emptySchemas();
    await load(urls);
  });

  const found = async (sliceRows: number) =>
    (await violationsOf(urls, { isSettled: true, sliceRows })).sort();

  /** What the program says that operators run. */
  const check = () =>
    spawnSync(process.execPath, [join(ROOT, "tools", "invariants.ts")], {
      env: { INVENTORY_URL: urls.inventory, RESERVATION_URL: urls.reservation },
      encoding: "utf8",
    });

  /** The id of the reservation with this number. */
  async function idOf(seq: number): Promise<string> {
    const [row] = await select(
      urls.reservation,
      `SELECT CONCAT("X'", HEX(id), "'") AS id FROM reservation WHERE seq = ${seq}`,
    );
    return row?.id;
  }

  for (const sliceRows of SLICES) {
    it(`finds nothing where nothing is wrong, in slices of ${sliceRows} rows`, async () => {
      expect(await found(sliceRows)).to.deep.equal([]);
    });
  }

  it("is a program for operators", () => {
    expect(check()).to.include({ status: 0, stdout: "All of it adds up.\n" });
  });

  it("takes the last move of each reservation, wherever the slices end", async () => {
    const move = (id: string, state: string) => `(${id}, '{"state":"${state}"}', UTC_TIMESTAMP(3))`;
    const [confirmed] = await select(
      urls.reservation,
      `SELECT GROUP_CONCAT(seq ORDER BY seq) AS seqs FROM
         (SELECT seq FROM reservation WHERE state = 3 ORDER BY seq LIMIT 12) r`,
    );
    const ids = await Promise.all(String(confirmed?.seqs).split(",").map(Number).map(idOf));
    const moves = [
      ...ids.map((id) => move(id, "HELD")),
      // One is never told of its confirmation, one is told of it too early.
      ...ids.slice(1).map((id) => move(id, "CONFIRMED")),
      move(ids[5] ?? "", "EXPIRED"),
    ];
    await select(
      urls.reservation,
      `INSERT INTO outbox (reservation_id, payload, create_time) VALUES ${moves.join(", ")}`,
    );
    for (const sliceRows of [1, 5, 12, 1_000]) {
      const all = await found(sliceRows);
      expect(all).to.have.length(2);
      expect(all.join("\n")).to.contain("is confirmed, but held was published last");
      expect(all.join("\n")).to.contain("is confirmed, but expired was published last");
    }
    await select(urls.reservation, "DELETE FROM outbox");
  });

  describe("once something is wrong", () => {
    before(async () => {
      // Two that only one side knows, one that both see differently, and units from nowhere.
      await select(urls.inventory, `DELETE FROM allocation WHERE id = ${await idOf(1)}`);
      await select(
        urls.reservation,
        `DELETE FROM reservation WHERE state = 3 ORDER BY seq DESC LIMIT 1`,
      );
      await select(
        urls.reservation,
        "UPDATE reservation SET state = 4 WHERE state = 3 AND seq > 2500 ORDER BY seq LIMIT 1",
      );
      await select(
        urls.inventory,
        `UPDATE stock SET capacity = capacity + 1, available = available + 2, held = held - 1
         WHERE held > 0 ORDER BY event_id LIMIT 1`,
      );
    });

    for (const sliceRows of SLICES) {
      it(`finds the same in slices of ${sliceRows} rows`, async () => {
        const violations = await found(sliceRows);
        expect(violations).to.have.length(5);
        const all = violations.join("\n");
        expect(all).to.contain("its allocation missing");
        expect(all).to.contain("is committed and has no reservation");
        expect(all).to.contain("is cancelled, its allocation committed");
        expect(all.match(/ has capacity .*, but allocations /g)).to.have.length(2);
      });
    }

    it("tells operators", () => {
      const { status, stdout } = check();
      expect(status).to.equal(1);
      expect(stdout).to.contain("its allocation missing");
    });
  });
});
