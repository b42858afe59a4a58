import { once } from "node:events";
import {
  type AddressInfo,
  createServer,
  connect as dial,
  type Server,
  type Socket,
} from "node:net";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { reset } from "./reset.ts";

describe("reset()", () => {
  let server: Server;
  let caller: Socket;
  let accepted: Socket;
  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const connection: Promise<Socket[]> = once(server, "connection");
    caller = dial((server.address() as AddressInfo).port, "127.0.0.1");
    await once(caller, "connect");
    [accepted] = (await connection) as [Socket];
    accepted.resume();
  });
  afterEach(() => {
    server.close();
  });

  it("is seen by the other side", async () => {
    const seen = once(accepted, "error");
    reset(caller);
    expect((await seen)[0].code).to.equal("ECONNRESET");
  });

  it("leaves nothing open of one whose end is being sent", async () => {
    accepted.on("error", () => undefined);
    const ended = once(accepted, "end");
    caller.end();
    // The end is sent two ticks later, and is on its way for one turn of the loop.
    await new Promise<void>((resolve) => process.nextTick(() => process.nextTick(resolve)));
    reset(caller);
    await ended;
    // The system refuses what is written to a connection that is closed on the other side.
    await until("nobody is there", () => {
      accepted.write("is anybody there?");
      return accepted.destroyed;
    });
  });
});
