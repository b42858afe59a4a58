import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";

const SOURCES = new URL("../src/", import.meta.url);

/** What every service imports that has to do with spans. */
const PROGRAM = `
  import "${new URL("batcher.ts", SOURCES)}";
  import "${new URL("grpc-client.ts", SOURCES)}";
  import "${new URL("mysql.ts", SOURCES)}";
  import "${new URL("serve-rpc.ts", SOURCES)}";
  import { Lifecycle } from "${new URL("lifecycle.ts", SOURCES)}";
  import { createLogger } from "${new URL("logger.ts", SOURCES)}";
  import { startTracing } from "${new URL("tracing.ts", SOURCES)}";
  const logger = createLogger({ service: "test", level: "silent" });
  const lifecycle = new Lifecycle();
  const [endpoint] = process.argv.slice(1);
  await startTracing({ service: "test", endpoint, logger, lifecycle });
  await lifecycle.close();
`;

/** The scripts that the program has loaded when it ends, as V8 itself counts them. */
async function loadedScripts(...args: readonly string[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "tessera-loaded-"));
  const command = ["--input-type=module", "--eval", PROGRAM, ...args];
  await promisify(execFile)(process.execPath, command, { env: { NODE_V8_COVERAGE: folder } });
  const scripts = readdirSync(folder).flatMap((file) => {
    const report: { result: { url: string }[] } = JSON.parse(
      readFileSync(join(folder, file), "utf8"),
    );
    return report.result.map(({ url }) => url);
  });
  rmSync(folder, { recursive: true });
  return scripts;
}

describe("a process without a collector", () => {
  // Its API alone is there in any case: prom-client asks it for the ids of examples.
  const isSdk = (url: string) => /@opentelemetry\/(?!api\/)|otel-tracing/.test(url);

  it("loads nothing of OpenTelemetry's SDK, as one with a collector does", async () => {
    const [off, on] = await Promise.all([loadedScripts(), loadedScripts("http://127.0.0.1:1")]);
    expect(off.some((url) => url.endsWith("/src/tracing.ts"))).to.equal(true);
    expect(off.filter(isSdk)).to.deep.equal([]);
    expect(on.filter(isSdk)).not.to.deep.equal([]);
  });
});
