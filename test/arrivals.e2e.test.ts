import { connect, type Socket } from "node:net";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { readAll, statusesIn } from "./security/raw-http.ts";
import { useSharedSystem } from "./shared-system.ts";

/** More than Node lets wait by itself, and fewer than a kernel's own bound (4096, if left alone). */
const CROWD = 1_000;
/** Answered by the BFF alone: 401. */
const REQUEST = "GET /v1/users/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

describe("a crowd that connects at once", () => {
  const system = useSharedSystem();

  it("is let in whole while the BFF has no time for it, and answered afterwards", async () => {
    const [bff] = system.processes.bff;
    const { hostname, port } = new URL(system.bffUrl());
    let connected = 0;
    let crowd: Socket[] = [];
    await bff?.pause();
    try {
      crowd = Array.from({ length: CROWD }, () => {
        const socket = connect(Number(port), hostname, () => {
          connected += 1;
        });
        return socket.on("error", () => undefined);
      });
      await until("everybody has a connection", () => connected === CROWD);
      for (const socket of crowd) {
        socket.write(REQUEST);
      }
    } finally {
      bff?.signal("SIGCONT");
    }
    const answers = await Promise.all(crowd.map(readAll));
    expect(answers.flatMap(statusesIn)).to.deep.equal(Array(CROWD).fill(401));
  });
});
