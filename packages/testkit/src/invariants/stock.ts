import { uuidFromBytes, uuidToBytes } from "@tessera/service-kit/uuid";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { checkCapacities } from "./capacity.ts";
import { Findings } from "./findings.ts";
import { checkLimits } from "./limits.ts";
import { rowsOf } from "./reader.ts";
import { ALLOCATION } from "./states.ts";

/** Before the first id, and after the last. */
const LOWEST = Buffer.alloc(0);
const HIGHEST = Buffer.alloc(16, 0xff);

/** Events whose ids are above `after`, and not above `upTo`. */
interface Range {
  after: Buffer;
  upTo: Buffer;
}

/**
 * Compares stock with allocations, with the changes of its capacity and with the limits of buyers:
 * of one event, or of all, some thousand ticket types at a time. Each look sees one moment, also while
 * tickets are being sold.
 */
export async function stockViolations(
  inventory: Connection,
  options: { eventId: string | undefined; sliceRows: number },
): Promise<string[]> {
  const findings = { stock: new Findings(), limits: new Findings() };
  let after: Buffer | undefined = LOWEST;
  while (after !== undefined) {
    await rowsOf(inventory, "START TRANSACTION WITH CONSISTENT SNAPSHOT");
    after = await checkSlice(inventory, { ...options, after, findings });
    await rowsOf(inventory, "COMMIT");
  }
  return [...findings.stock.list(), ...findings.limits.list()];
}

interface Slice {
  eventId: string | undefined;
  sliceRows: number;
  after: Buffer;
  findings: { stock: Findings; limits: Findings };
}

/** Returns where the next slice begins; undefined after the last. */
async function checkSlice(inventory: Connection, slice: Slice): Promise<Buffer | undefined> {
  const { eventId, sliceRows, after, findings } = slice;
  const columns = "event_id, position, capacity, available, held, sold";
  if (eventId !== undefined) {
    const id = uuidToBytes(eventId);
    const sql = `SELECT ${columns} FROM stock WHERE event_id = ?`;
    const range = { after: LOWEST, upTo: HIGHEST };
    await checkRange(inventory, await rowsOf(inventory, sql, [id]), { ...range, id, findings });
    return undefined;
  }
  const rows = await rowsOf(
    inventory,
    `SELECT ${columns} FROM stock WHERE event_id > ?
     ORDER BY event_id, position LIMIT ${sliceRows}`,
    [after],
  );
  const last: Buffer | undefined = rows.at(-1)?.event_id;
  if (last === undefined || rows.length < sliceRows) {
    await checkRange(inventory, rows, { after, upTo: HIGHEST, findings });
    return undefined;
  }
  // The last event may go on beyond the slice: it belongs to the next one.
  const whole = rows.filter(({ event_id }) => !last.equals(event_id));
  const upTo: Buffer = whole.at(-1)?.event_id ?? last;
  await checkRange(inventory, whole, { after, upTo, findings });
  return upTo;
}

async function checkRange(
  inventory: Connection,
  stock: readonly RowDataPacket[],
  range: Range & { id?: Buffer; findings: Slice["findings"] },
): Promise<void> {
  const { findings, id } = range;
  const isIn = (prefix = "") =>
    id === undefined ? `${prefix}event_id > ? AND ${prefix}event_id <= ?` : `${prefix}event_id = ?`;
  const values = id === undefined ? [range.after, range.upTo] : [id];
  const counted = countedUnits(
    await rowsOf(
      inventory,
      `SELECT event_id, state, content, COUNT(*) AS times
       FROM allocation FORCE INDEX (allocation_user)
       WHERE ${isIn()} AND state IN (${ALLOCATION.held}, ${ALLOCATION.committed})
       GROUP BY event_id, state, content`,
      values,
    ),
  );
  for (const row of stock) {
    checkTicketType(row, counted, findings.stock);
  }
  const changes = await rowsOf(
    inventory,
    `SELECT event_id, position, capacity_before, capacity FROM capacity_change
     WHERE ${isIn()} ORDER BY event_id, position, seq`,
    values,
  );
  checkCapacities(stock, changes, findings.stock);
  await checkLimits(inventory, isIn("a."), { values, findings: findings.limits });
}

type Counted = ReadonlyMap<string, { held: number; sold: number }>;

/** What allocations have, by event and position. */
function countedUnits(rows: readonly RowDataPacket[]): Counted {
  const counted = new Map<string, { held: number; sold: number }>();
  for (const { event_id, state, content, times } of rows) {
    for (const line of String(content).split(",")) {
      const [position = "", quantity = ""] = line.split(":");
      const key = `${uuidFromBytes(event_id)} ${position}`;
      const units = counted.get(key) ?? { held: 0, sold: 0 };
      units[state === ALLOCATION.held ? "held" : "sold"] += Number(quantity) * Number(times);
      counted.set(key, units);
    }
  }
  return counted;
}

function checkTicketType(row: RowDataPacket, counted: Counted, findings: Findings): void {
  const { event_id, position, capacity, available, held, sold } = row;
  const name = `ticket type ${position} of event ${uuidFromBytes(event_id)}`;
  const levels = `capacity ${capacity}, available ${available}, held ${held}, sold ${sold}`;
  if (available + held + sold !== capacity || Math.min(available, held, sold) < 0) {
    findings.add(`${name} does not add up: ${levels}`);
  }
  const units = counted.get(`${uuidFromBytes(event_id)} ${position}`) ?? { held: 0, sold: 0 };
  if (units.held !== held || units.sold !== sold) {
    findings.add(`${name} has ${levels}, but allocations ${units.held} held, ${units.sold} sold`);
  }
  if (units.held + units.sold > capacity) {
    findings.add(`${name} is OVERSOLD: ${units.held + units.sold} of ${capacity}`);
  }
}
