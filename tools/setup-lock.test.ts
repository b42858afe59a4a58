import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { ROOT } from "@tessera/testkit/services";
import { expect } from "chai";

/** Says that it runs, and goes on when it is told to. */
const NPM = `#!/bin/sh
echo npm >> npm-runs
cat go > go-heard
`;
const BUF = `#!/bin/sh
mkdir -p proto/gen
echo > proto/gen/x.ts
`;

describe("commands that set the same tree up", () => {
  const commands: ChildProcess[] = [];
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "tessera-setup-"));
    for (const file of ["with-node-24.mjs", "setup-lock.mjs"]) {
      mkdirSync(join(root, "tools"), { recursive: true });
      copyFileSync(join(ROOT, "tools", file), join(root, "tools", file));
    }
    write("package-lock.json", JSON.stringify({ packages: {} }));
    write("buf.gen.yaml", "");
    write("proto/tessera/x.proto", "");
    write("program.mjs", 'process.stdout.write("ran\\n");');
    write("node_modules/.bin/buf", BUF, 0o700);
    write("bin/npm", NPM, 0o700);
    write("go", "");
  });
  afterEach(() => {
    for (const one of commands.splice(0)) {
      one.kill("SIGKILL");
    }
    // Lets go whoever still waits for a word.
    closeSync(openSync(join(root, "go"), "r+"));
    rmSync(root, { recursive: true, force: true });
  });

  it("come one after the other, and the second finds everything done", async () => {
    rmSync(join(root, "go"));
    await ended(spawn("mkfifo", [join(root, "go")]));
    const first = command();
    await said(first, "Installing packages");
    const second = command();
    const output = Promise.all([text(first.stdout), text(second.stdout)]);
    await said(second, `Another command (process ${first.pid}) is setting things up`);
    writeFileSync(join(root, "go"), "");
    expect(await Promise.all([ended(first), ended(second)])).to.deep.equal([0, 0]);
    expect((await output).map((lines) => lines.split("\n").at(-2))).to.deep.equal(["ran", "ran"]);
    expect(read("npm-runs")).to.equal("npm\n");
    expect(existsSync(lock())).to.equal(false);
  });

  it("take over what one that was killed has left", async () => {
    const dead = spawn("true");
    await ended(dead);
    write(".data/setup.lock", `${dead.pid} 1`);
    await expectTakeover(command());
  });

  for (const start of ["", " 1"]) {
    it(`take over what one has left whose number another has now: "number${start}"`, async () => {
      write(".data/setup.lock", `${process.pid}${start}`);
      await expectTakeover(command());
    });
  }

  // Numbers repeat in a container: what was killed there may have had the one of the next try.
  it("take over what one with their own number has left", async () => {
    mkdirSync(dirname(lock()));
    await expectTakeover(command('printf %s $$ > "$0"; exec "$@"', lock()));
  });

  it("need no lock once everything is set up", async () => {
    await ended(command());
    rmSync(dirname(lock()), { recursive: true });
    expect(await ended(command())).to.equal(0);
    expect(existsSync(dirname(lock()))).to.equal(false);
  });

  /** `script` may do something first, as the same process. */
  function command(script = 'exec "$@"', name = "sh") {
    const args = [process.execPath, join(root, "tools", "with-node-24.mjs"), "program.mjs"];
    const child = spawn("sh", ["-c", script, name, ...args], {
      // Without npm_execpath, the npm on the PATH is the one that is run.
      env: { PATH: `${join(root, "bin")}:/usr/bin:/bin` },
      stdio: ["ignore", "pipe", "inherit"],
    });
    commands.push(child);
    return child;
  }

  async function expectTakeover(child: ChildProcess): Promise<void> {
    expect(await ended(child)).to.equal(0);
    expect(read("npm-runs")).to.equal("npm\n");
    expect(existsSync(lock())).to.equal(false);
  }

  function lock(): string {
    return join(root, ".data", "setup.lock");
  }

  function write(file: string, content: string, mode = 0o600): void {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), content, { mode });
  }

  function read(file: string): string {
    return readFileSync(join(root, file), "utf8");
  }
});

async function said({ stdout }: ChildProcess, words: string): Promise<void> {
  let heard = "";
  while (!heard.includes(words)) {
    const [chunk] = await once(stdout ?? expect.fail("it has no output"), "data");
    heard += chunk;
  }
}

async function ended(child: ChildProcess): Promise<number | null> {
  const [code] = child.exitCode === null ? await once(child, "exit") : [child.exitCode];
  return code;
}
