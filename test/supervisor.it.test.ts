import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mysqlUrl } from "@tessera/testkit/mysql";
import { ServiceProcess } from "@tessera/testkit/service-process";
import { Children } from "@tessera/testkit/stores/children";
import { pingRedis } from "@tessera/testkit/stores/redis-server";
import { openStores } from "@tessera/testkit/stores/stores";
import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import { Supervisor } from "../tools/local/supervisor.ts";

describe("what a local system runs", () => {
  const folder = mkdtempSync(join(tmpdir(), "tessera-supervised-"));
  const children = new Children(join(folder, "run"));
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  after(async () => {
    await children.stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is started again when it is a store that was killed, at the same address", async () => {
    const supervisor = new Supervisor({ children, say });
    const { redisUrl } = await openStores({
      ...{ folder: join(folder, "stores"), children, mysqlUrl: mysqlUrl(), say },
      onStop: () => expect.fail("it is no child process"),
      onAnswer: (server, child) => supervisor.keepStarted(server, child),
    });
    const { pid } = JSON.parse(readFileSync(join(folder, "run", "redis.json"), "utf8"));
    process.kill(pid, "SIGKILL");
    await untilTrue(() => said.includes("redis was ended by SIGKILL; starting it again in 0.5 s."));
    await untilTrue(() =>
      pingRedis(redisUrl).then(
        () => true,
        () => false,
      ),
    );
  });

  for (const { last, words } of [
    { last: "TypeError: it is no function\n    at main", words: "TypeError: it is no function" },
    { last: '{"level":"info","msg":"request"}', words: `Its log is ${join(folder, "svc.log")}.` },
  ]) {
    it(`is started again, and what it said is told when it is an error: ${last.slice(0, 16)}`, async () => {
      const supervisor = new Supervisor({ children, say });
      said.length = 0;
      const name = `svc-${words.length}`;
      const command = ["sh", "-c", `printf '%s\\n' '${last}'; exit 3`];
      const logFile = join(folder, "svc.log");
      supervisor.keep(new ServiceProcess({ children, name, command, env: {}, logFile }));
      await untilTrue(() => said.length > 0);
      expect(said[0]).to.equal(
        `${name} ended with code 3; starting it again in 0.5 s.\n  ${words}`,
      );
    });
  }
});
