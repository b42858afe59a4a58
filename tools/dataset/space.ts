import { existsSync, statfsSync } from "node:fs";
import { type PerSchema, SCHEMAS } from "@tessera/testkit/schemas";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { isLocal } from "./databases.ts";
import type { DatasetCounts } from "./sizes.ts";

/** Bytes on disk a row, with its indexes and, of events, with its ticket types: as measured. */
const BYTES = { events: 700, users: 500, reservations: 600 } as const;
/** The server's own needs: redo log, undo log, temporary files. */
const SPARE_BYTES = 2 * 1024 ** 3;

/** About how much room a data set takes. */
export function bytesNeeded(counts: DatasetCounts): number {
  return (
    counts.events * BYTES.events +
    counts.users * BYTES.users +
    counts.reservations * BYTES.reservations
  );
}

/** Bytes that the schemas take already. */
export async function bytesLoaded(urls: PerSchema): Promise<number> {
  let bytes = 0;
  for (const schema of SCHEMAS) {
    await using connection = await createConnection({ uri: urls[schema], connectTimeout: 5_000 });
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT SUM(data_length + index_length) AS bytes FROM information_schema.tables
       WHERE table_schema = DATABASE()`,
    );
    bytes += Number(rows[0]?.bytes);
  }
  return bytes;
}

/** Throws an OperatorError when the server's disk is too small for what is still missing. */
export async function checkSpace(
  url: string,
  missingBytes: number,
  say: (text: string) => void,
): Promise<void> {
  const folder = await dataFolder(url);
  const needed = missingBytes + Math.min(SPARE_BYTES, missingBytes);
  if (folder === undefined) {
    say(`It will take about ${gigabytes(needed)}; where the server keeps its data is not visible.`);
    return;
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free < needed) {
    throw new OperatorError(
      `The data set needs about ${gigabytes(needed)}, and ${folder} has ${gigabytes(free)} free. ` +
        "Make room, or ask for less: --size medium, or --reservations with a smaller number.",
    );
  }
  say(`It will take about ${gigabytes(needed)} of the ${gigabytes(free)} that are free.`);
}

/** The folder of a server on this machine; undefined when it cannot be seen. */
async function dataFolder(url: string): Promise<string | undefined> {
  if (!isLocal(url)) {
    return undefined;
  }
  await using connection = await createConnection({ uri: url, connectTimeout: 5_000 });
  const [rows] = await connection.query<RowDataPacket[]>("SELECT @@datadir AS folder");
  const folder = String(rows[0]?.folder);
  return existsSync(folder) ? folder : undefined;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
