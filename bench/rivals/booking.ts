import { randomUUID } from "node:crypto";
import { createPool, type Pool } from "mysql2/promise";

/** The rivals' ledger: one row of stock, one row a booking. */
export async function openBooking(url: string): Promise<Pool> {
  return createPool({ uri: url, connectionLimit: 48, enableKeepAlive: true, maxIdle: 48 });
}

/**
 * Books one unit in one transaction: INSERT first, so that the hot row's lock is held for the
 * conditional UPDATE and the commit only. Prepared statements. False when nothing is left.
 */
export async function book(pool: Pool, wish: { eventId: string; quantity: number }) {
  const connection = await pool.getConnection();
  try {
    await connection.query("START TRANSACTION");
    await connection.execute(
      "INSERT INTO rival_booking (id, event_id, quantity) VALUES (?, ?, ?)",
      [randomUUID(), wish.eventId, wish.quantity],
    );
    const [result] = await connection.execute(
      "UPDATE rival_stock SET available = available - ? WHERE event_id = ? AND available >= ?",
      [wish.quantity, wish.eventId, wish.quantity],
    );
    const isBooked = "affectedRows" in result && result.affectedRows === 1;
    await connection.query(isBooked ? "COMMIT" : "ROLLBACK");
    connection.release();
    return isBooked;
  } catch (reason) {
    connection.destroy();
    throw reason;
  }
}
