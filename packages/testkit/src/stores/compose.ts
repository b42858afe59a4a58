import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./ports.ts";
import { rememberedSecret } from "./store-server.ts";

const COMPOSE_FILE = join(import.meta.dirname, "compose.yaml");

/** True when a container engine with Compose answers within a few seconds. */
export function hasContainerEngine(): boolean {
  const isUp = ({ status }: SpawnSyncReturns<Buffer>) => status === 0;
  return (
    isUp(spawnSync("docker", ["info"], { timeout: 5_000 })) &&
    isUp(spawnSync("docker", ["compose", "version"], { timeout: 5_000 }))
  );
}

/** The stores of one data folder, in containers; the data is in the engine's volumes. */
export class ComposeStores {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts both, with the engine's progress visible; resolves to their addresses. */
  async start(): Promise<{ mysqlUrl: string; redisUrl: string }> {
    mkdirSync(this.#folder, { recursive: true });
    const password = rememberedSecret(join(this.#folder, "compose-password"));
    const ports = await this.#ports();
    await this.#compose(["up", "--detach", "--wait"], { ...ports, password });
    return {
      mysqlUrl: `mysql://root:${password}@127.0.0.1:${ports.mysql}`,
      redisUrl: `redis://:${password}@127.0.0.1:${ports.redis}`,
    };
  }

  /** Stops both; the data stays. */
  stop(): Promise<void> {
    return this.#compose(["stop"]);
  }

  /** Removes both with their data, when they were ever started for this folder. */
  async erase(): Promise<void> {
    if (existsSync(this.#portsFile)) {
      await this.#compose(["down", "--volumes"]);
    }
  }

  get #portsFile(): string {
    return join(this.#folder, "compose-ports.json");
  }

  /** Chosen once: Compose keeps the containers, and with them their ports, over restarts. */
  async #ports(): Promise<{ mysql: number; redis: number }> {
    if (!existsSync(this.#portsFile)) {
      const ports = { mysql: await freePort(), redis: await freePort() };
      writeFileSync(this.#portsFile, JSON.stringify(ports));
    }
    return JSON.parse(readFileSync(this.#portsFile, "utf8"));
  }

  async #compose(
    args: readonly string[],
    { mysql = 0, redis = 0, password = "unused" } = {},
  ): Promise<void> {
    const project = `tessera-${hash("sha256", this.#folder, "hex").slice(0, 8)}`;
    const child = spawn("docker", ["compose", "-p", project, "-f", COMPOSE_FILE, ...args], {
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        // biome-ignore lint/style/noProcessEnv: the engine's client needs what this process has.
        ...process.env,
        TESSERA_STORE_PASSWORD: password,
        TESSERA_MYSQL_PORT: String(mysql),
        TESSERA_REDIS_PORT: String(redis),
      },
    });
    const [code] = await once(child, "exit");
    if (code !== 0) {
      throw new Error(`docker compose ${args[0]} failed; see above`);
    }
  }
}
