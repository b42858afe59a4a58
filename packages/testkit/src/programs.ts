import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { createSchema, type EmptySchema } from "./mysql.ts";
import { useFolder } from "./processes.ts";
import { ServiceProcess } from "./service-process.ts";
import { inheritedEnv, programOf, type ServiceName } from "./services.ts";
import type { Children } from "./stores/children.ts";

/** How long a program that ends by itself may take, in milliseconds. */
const RUN_DEADLINE_MS = 45_000;

/**
 * The programs of one service, on an empty schema of their own, with these settings beside it.
 *
 * Call it inside `describe`; use the result inside hooks and tests only.
 */
export function usePrograms(service: ServiceName, settings: Readonly<Record<string, string>> = {}) {
  const opened = {} as { schema: EmptySchema; folder: string; children: Children };
  useFolder(async (folder, children) => {
    Object.assign(opened, { folder, children, schema: await createSchema() });
  });
  after(() => opened.schema.drop());
  const envOf = (env: Readonly<Record<string, string>> = {}) => ({
    ...inheritedEnv(),
    ...{ MYSQL_URL: opened.schema.url, MYSQL_TYPE: opened.schema.type, DRAIN_MS: "0" },
    ...{ GRPC_PORT: "0", HTTP_PORT: "0", ...settings, ...env },
  });
  return {
    opened,
    /** Runs a program to its end; resolves to what it said, and rejects unless it ends with 0. */
    async run(program: string, env?: Readonly<Record<string, string>>): Promise<string> {
      const [node = "", ...rest] = programOf(service, program);
      const options = { env: envOf(env), timeout: RUN_DEADLINE_MS };
      const { stdout } = await promisify(execFile)(node, rest, options);
      return stdout;
    },
    /** Starts the service, one at a time; resolves when it serves. */
    async serve(env?: Readonly<Record<string, string>>): Promise<ServiceProcess> {
      const { children, folder } = opened;
      const command = programOf(service);
      const logFile = join(folder, "log");
      const options = { children, name: service, command, env: envOf(env), logFile };
      const own = new ServiceProcess(options);
      await own.start();
      return own;
    },
  };
}
