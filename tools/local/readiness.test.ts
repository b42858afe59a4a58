import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { expect } from "chai";
import { freePorts } from "./ports.ts";
import { untilReady } from "./readiness.ts";

describe("a local system that does not become ready", () => {
  const folder = mkdtempSync(join(tmpdir(), "tessera-readiness-"));
  const ready = createServer((_request, response) => response.end("ok"));
  const locked = createServer((_request, response) =>
    response.writeHead(503).end("the key is another one"),
  );
  const waiting = createServer((_request, response) =>
    response.writeHead(503).end("user-svc is unavailable"),
  );
  const servers = [ready, locked, waiting];
  before(async () => {
    for (const server of servers) {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    }
  });
  after(() => {
    for (const server of servers) {
      server.close();
    }
    rmSync(folder, { recursive: true, force: true });
  });
  const portOf = (server: Server) => (server.address() as AddressInfo).port;

  it("names the service that is at fault, its log, and the last failure in it", async () => {
    const failed = '{"level":"error","service":"user-svc","msg":"cannot open the key"}';
    writeFileSync(join(folder, "user-svc.log"), `${failed}\n{"level":"info","msg":"request"}\n`);
    const ports = {
      ...{ ...(await freePorts()), inventoryHttp: portOf(ready), reservationHttp: portOf(ready) },
      ...{ userHttp: portOf(locked), bffAdmin: portOf(waiting) },
    };
    const failure = await untilReady(ports, folder, 0).catch((reason: unknown) => reason);
    expect(failure).to.be.instanceOf(OperatorError);
    expect(String(failure)).to.equal(
      "OperatorError: user-svc does not become ready: the key is another one. " +
        `Its log is ${join(folder, "user-svc.log")}:\n${failed}`,
    );
  });
});
