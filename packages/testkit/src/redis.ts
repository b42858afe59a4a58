import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";

/** The test server's address. */
export function redisUrl(): string {
  // biome-ignore lint/style/noProcessEnv: the test command passes the stores' addresses this way.
  const url = process.env.TEST_REDIS_URL;
  if (url === undefined) {
    throw new Error('TEST_REDIS_URL is not set; run the tests with "npm test"');
  }
  return url;
}

/**
 * Gives a test file a connection to Redis and a key prefix of its own, and removes the prefix's
 * keys afterwards. Call it inside `describe`; use the result inside hooks and tests only.
 */
export function useRedis(): { redis: Redis; prefix: string } {
  const opened = { prefix: `test:${randomUUID()}:` } as { redis: Redis; prefix: string };
  before(() => {
    opened.redis = new Redis(redisUrl());
  });
  after(async () => {
    const keys = await opened.redis.keys(`${opened.prefix}*`);
    if (keys.length > 0) {
      await opened.redis.del(...keys);
    }
    await opened.redis.quit();
  });
  return opened;
}
