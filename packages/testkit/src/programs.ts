import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { createSchema, type EmptySchema } from "./mysql.ts";
import { ROOT, type ServiceName } from "./services.ts";

/** A service that runs as a process of its own. */
export interface RunningProgram {
  grpcPort: number;
  httpPort: number;
  /** What it has logged so far. */
  lines: readonly string[];
  /** Tells it to stop; resolves to its exit code when all that it logged is there. */
  stop: () => Promise<number | null>;
}

/**
 * The programs of one service, on an empty schema of their own, with these settings beside it.
 *
 * Call it inside `describe`; use the result inside hooks and tests only.
 */
export function usePrograms(service: ServiceName, settings: Readonly<Record<string, string>> = {}) {
  const opened = {} as { schema: EmptySchema };
  const children = new Set<ChildProcess>();
  before(async () => {
    opened.schema = await createSchema();
  });
  after(async () => {
    for (const child of children) {
      child.kill("SIGKILL");
    }
    await opened.schema.drop();
  });
  const start = (program: string, env: Readonly<Record<string, string>> = {}) => {
    const { url, type } = opened.schema;
    const child = spawn(process.execPath, [join(ROOT, service, "src", program)], {
      env: {
        // biome-ignore lint/style/noProcessEnv: coverage goes where the parent's goes.
        ...process.env,
        ...{ MYSQL_URL: url, MYSQL_TYPE: type, GRPC_PORT: "0", HTTP_PORT: "0", DRAIN_MS: "0" },
        ...settings,
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.add(child);
    child.once("exit", () => children.delete(child));
    return child;
  };
  return {
    opened,
    /** Runs a program to its end. */
    async run(program: string, env?: Readonly<Record<string, string>>) {
      const child = start(program, env);
      const [[code], out, err] = await Promise.all([
        once(child, "exit"),
        text(child.stdout),
        text(child.stderr),
      ]);
      return { code, out, err };
    },
    /** Starts the service; resolves when it serves. */
    async serve(env?: Readonly<Record<string, string>>): Promise<RunningProgram> {
      const child = start("main.ts", env);
      const lines: string[] = [];
      const ports = Promise.withResolvers<Pick<RunningProgram, "grpcPort" | "httpPort">>();
      child.once("exit", () => ports.reject(new Error("it ended before it served")));
      const reader = createInterface({ input: child.stdout });
      reader.on("line", (line) => {
        lines.push(line);
        if (line.includes('"msg":"serving"')) {
          ports.resolve(JSON.parse(line));
        }
      });
      const stop = async () => {
        const ended = Promise.all([once(child, "exit"), once(reader, "close")]);
        child.kill("SIGTERM");
        await ended;
        return child.exitCode;
      };
      const { grpcPort, httpPort } = await ports.promise;
      return { grpcPort, httpPort, lines, stop };
    },
  };
}
