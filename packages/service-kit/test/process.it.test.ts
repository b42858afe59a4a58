import { spawn } from "node:child_process";
import { once } from "node:events";
import { inheritedEnv } from "@tessera/testkit/services";
import { expect } from "chai";

const SOURCES = new URL("../src/", import.meta.url);

/** What a program that uses the kit looks like; `main` is its body. */
function program(main: string): string {
  return `
    import { EnvReader } from "${new URL("env.ts", SOURCES)}";
    import { Lifecycle } from "${new URL("lifecycle.ts", SOURCES)}";
    import { createLogger } from "${new URL("logger.ts", SOURCES)}";
    import { run, stopOnSignal } from "${new URL("run.ts", SOURCES)}";
    const lifecycle = new Lifecycle();
    const logger = createLogger({ service: "test", level: "info" });
    await run(async () => { ${main} });
  `;
}

describe("a process", () => {
  it("ends with code 2 and one message on an operator's mistake", async () => {
    const child = start(`
      const env = new EnvReader({ PORT: "x" });
      env.finish({ port: env.port("PORT", 1), name: env.text("NAME") });
    `);
    const { code, stdout, stderr } = await child.ended;
    expect(code).to.equal(2);
    expect(stdout).to.equal("");
    expect(stderr).to.equal(
      "invalid environment:\n  PORT must be an integer from 0 to 65535\n  NAME is required\n",
    );
  });

  it("ends with code 1 and the stack on a bug", async () => {
    const { code, stderr } = await start(`throw new TypeError("oh no");`).ended;
    expect(code).to.equal(1);
    expect(stderr).to.match(/^TypeError: oh no\n\s+at /);
    expect(await start(`throw "a text";`).ended).to.include({ code: 1, stderr: "a text\n" });
  });

  it("logs lines of JSON, and loses none at its end", async () => {
    const { code, stdout } = await start(`
      logger.info({ userId: "u-1" }, "signed in");
      logger.debug("unheard");
      process.exit(0);
    `).ended;
    expect(code).to.equal(0);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include({
      level: "info",
      service: "test",
      userId: "u-1",
      msg: "signed in",
    });
    expect(new Date(lines[0].time).toISOString()).to.equal(lines[0].time);
  });

  it("may have any number of loggers", async () => {
    const many = `for (let left = 20; left > 0; left -= 1) {
      createLogger({ service: "test", level: "silent" });
    }`;
    expect(await start(many).ended).to.deep.equal({ code: 0, stdout: "", stderr: "" });
  });

  it("closes what it opened on SIGTERM, and ends with code 0", async () => {
    const child = start(`
      stopOnSignal(lifecycle, logger, 10_000);
      lifecycle.onClose("store", () => process.stdout.write("closed\\n"));
      setInterval(() => undefined, 1_000);
      process.stdout.write("up\\n");
    `);
    await child.says("up");
    child.signal("SIGTERM");
    const { code, stdout } = await child.ended;
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/closed\n/)
      .and.to.match(/"signal":"SIGTERM","msg":"stopping"/);
    expect(stdout).to.include('"msg":"stopped"');
  });

  it("ends with code 1 when something did not close", async () => {
    const child = start(`
      stopOnSignal(lifecycle, logger, 10_000);
      lifecycle.onClose("store", () => { throw new Error("stuck"); });
      setInterval(() => undefined, 1_000);
      process.stdout.write("up\\n");
    `);
    await child.says("up");
    child.signal("SIGINT");
    const { code, stdout } = await child.ended;
    expect(code).to.equal(1);
    expect(stdout).to.include("stopped, not cleanly").and.to.include("closing store failed");
  });

  it("ends with code 1 when closing takes too long", async () => {
    const child = start(`
      stopOnSignal(lifecycle, logger, 50);
      lifecycle.onClose("store", () => new Promise(() => undefined));
      setInterval(() => undefined, 1_000);
      process.stdout.write("up\\n");
    `);
    await child.says("up");
    child.signal("SIGTERM");
    const { code, stdout } = await child.ended;
    expect(code).to.equal(1);
    expect(stdout).to.include("stopping took too long");
  });

  it("ends at once on a second signal", async () => {
    const child = start(`
      stopOnSignal(lifecycle, logger, 60_000);
      lifecycle.onClose("store", () => new Promise(() => process.stdout.write("closing\\n")));
      setInterval(() => undefined, 1_000);
      process.stdout.write("up\\n");
    `);
    await child.says("up");
    child.signal("SIGTERM");
    await child.says("closing");
    child.signal("SIGTERM");
    expect((await child.ended).code).to.equal(1);
  });
});

function start(main: string) {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program(main)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: inheritedEnv(),
    timeout: 15_000,
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output.stdout += text;
    child.emit("said");
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    output.stderr += text;
  });
  const ended = once(child, "close").then(([code]) => ({ code, ...output }));
  return {
    ended,
    signal: (signal: NodeJS.Signals) => child.kill(signal),
    says: async (word: string) => {
      while (!output.stdout.includes(word)) {
        await Promise.race([once(child, "said"), ended.then(() => Promise.reject(output.stderr))]);
      }
    },
  };
}
