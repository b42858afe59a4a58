import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { mysqlUrl } from "@tessera/testkit/mysql";
import { Children } from "@tessera/testkit/stores/children";
import { pingRedis } from "@tessera/testkit/stores/redis-server";
import { openStores } from "@tessera/testkit/stores/stores";
import { expect } from "chai";
import { Supervisor } from "../tools/local/supervisor.ts";

describe("a store of a local system", () => {
  const folder = mkdtempSync(join(tmpdir(), "tessera-supervised-"));
  const children = new Children(join(folder, "run"));
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  after(async () => {
    await children.stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is started again when it is killed, at the same address, and the person is told", async () => {
    const supervisor = new Supervisor({ children, say });
    const { redisUrl } = await openStores({
      ...{ folder: join(folder, "stores"), children, mysqlUrl: mysqlUrl(), say },
      onStop: () => expect.fail("it is no child process"),
      onAnswer: (server, child) => supervisor.keepStarted(server, child),
    });
    const { pid } = JSON.parse(readFileSync(join(folder, "run", "redis.json"), "utf8"));
    process.kill(pid, "SIGKILL");
    await until(() => said.some((text) => text.startsWith("redis was ended by SIGKILL; starting")));
    await until(() =>
      pingRedis(redisUrl).then(
        () => true,
        () => false,
      ),
    );
  });
});

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpTime = Date.now() + 15_000;
  while (!(await isSo())) {
    expect(Date.now(), "it does not happen").to.be.lessThan(giveUpTime);
    await setTimeout(20);
  }
}
