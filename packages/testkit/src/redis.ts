/** The test server's address. */
export function redisUrl(): string {
  // biome-ignore lint/style/noProcessEnv: the test command passes the stores' addresses this way.
  const url = process.env.TEST_REDIS_URL;
  if (url === undefined) {
    throw new Error('TEST_REDIS_URL is not set; run the tests with "npm test"');
  }
  return url;
}
