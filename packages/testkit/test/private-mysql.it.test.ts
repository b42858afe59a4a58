import { useOwnMysql } from "@tessera/testkit/processes";
import { expect } from "chai";
import { createConnection, type RowDataPacket } from "mysql2/promise";

describe("two private databases on one machine", () => {
  const one = useOwnMysql();
  const other = useOwnMysql();

  // A server that starts removes what looks like an earlier one's temporary tables.
  it("leave each other's temporary tables alone", async () => {
    const connection = await createConnection({ uri: one.server.url });
    try {
      await connection.query("CREATE TEMPORARY TABLE mysql.mine (id INT) ENGINE=MyISAM");
      await connection.query("INSERT INTO mysql.mine VALUES (1)");
      await other.server.stop();
      await other.server.start();
      await connection.query("FLUSH TABLES");
      const [rows] = await connection.query<RowDataPacket[]>("SELECT id FROM mysql.mine");
      expect(rows).to.deep.equal([{ id: 1 }]);
      await connection.query("DROP TEMPORARY TABLE mysql.mine");
    } finally {
      connection.destroy();
    }
  });
});
