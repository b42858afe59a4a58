import { randomUUID } from "node:crypto";
import { systemClock } from "@tessera/service-kit/clock";
import { createLogger } from "@tessera/service-kit/logger";
import { openMysql, poolOf } from "@tessera/service-kit/mysql";
import { run } from "@tessera/service-kit/run";
import { createOrganiser } from "./app/create-organiser.ts";
import { readSeedConfig } from "./config.ts";
import { HashGate } from "./crypto/hash-gate.ts";
import { PasswordHasher } from "./crypto/password-hasher.ts";
import { MysqlUserStore } from "./mysql/mysql-user-store.ts";
import { USER_SCHEMA } from "./mysql/schema.ts";

/** Makes sure that one organiser exists and exits: the only way to become one. */
await run(async () => {
  // biome-ignore lint/style/noProcessEnv: a program of its own, with its own composition root.
  const config = readSeedConfig(process.env);
  const logger = createLogger({ service: "user-svc-seed", level: "info" });
  const source = await openMysql({
    ...USER_SCHEMA,
    ...config.mysql,
    maxWaiting: 4,
  });
  try {
    const passwords = await PasswordHasher.create({ cost: config.argon2Cost });
    const gate = new HashGate({ concurrency: 1, maxWaiting: 1, waitMs: 10_000 });
    const users = new MysqlUserStore(poolOf(source));
    const app = { users, passwords, gate, clock: systemClock, newId: randomUUID };
    const outcome = await createOrganiser(app, config);
    logger.info({ outcome }, "organiser seeded");
  } finally {
    await source.destroy();
  }
});
