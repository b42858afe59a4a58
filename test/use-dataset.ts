import { randomUUID } from "node:crypto";
import { mysqlUrl } from "@tessera/testkit/mysql";
import { dropSchemas, type PerSchema } from "@tessera/testkit/schemas";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { migrateSchemas, schemasOf } from "../tools/dataset/databases.ts";
import { loadDataset } from "../tools/dataset/load-dataset.ts";
import type { LoadMethod } from "../tools/dataset/loader.ts";
import { type DatasetCounts, SIZES } from "../tools/dataset/sizes.ts";

/** The smallest data set that has some of everything. */
export const TINY: DatasetCounts = { ...(SIZES.tiny as DatasetCounts) };
/** The data sets' "today". */
export const DATE = Date.UTC(2030, 0, 1);

/** Sets of schemas on the test server, and what to do with them. */
export interface DatasetSchemas {
  /** A prefix whose schemas are removed afterwards. */
  newPrefix(): string;
  /** Migrated schemas without any rows. */
  emptySchemas(prefix?: string): Promise<PerSchema>;
  load(urls: PerSchema, more?: LoadPart): ReturnType<typeof loadDataset>;
  select(url: string, sql: string): Promise<RowDataPacket[]>;
}

interface LoadPart {
  counts?: DatasetCounts;
  seed?: number;
  method?: LoadMethod;
}

/** Call it inside `describe`; use the result inside hooks and tests only. */
export function useDatasets(): DatasetSchemas {
  const prefixes: string[] = [];
  after(async () => {
    for (const prefix of prefixes) {
      await dropSchemas(mysqlUrl(), prefix);
    }
  });
  const newPrefix = () => {
    const prefix = `ds${randomUUID().slice(0, 8)}_`;
    prefixes.push(prefix);
    return prefix;
  };
  return {
    newPrefix,
    emptySchemas: async (prefix = newPrefix()) => {
      const urls = await schemasOf(mysqlUrl(), prefix);
      await migrateSchemas(urls);
      return urls;
    },
    load: (urls, more = {}) => {
      const wish = { counts: TINY, seed: 1, dateMs: DATE, method: undefined, ...more };
      return loadDataset({ urls, ...wish, say: () => undefined, isQuiet: true });
    },
    select: async (url, sql) => {
      await using connection = await createConnection({ uri: url, timezone: "Z" });
      return (await connection.query<RowDataPacket[]>(sql))[0];
    },
  };
}
