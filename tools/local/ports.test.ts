import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { freePort, portRefusal } from "@tessera/testkit/stores/ports";
import { expect } from "chai";
import { checkPorts, freePorts } from "./ports.ts";

describe("the ports of a local system", () => {
  let server: Server;
  beforeEach(async () => {
    server = createServer();
    server.listen(0);
    await once(server, "listening");
  });
  afterEach(async () => {
    server.close();
    await once(server, "close");
  });
  const served = () => (server.address() as AddressInfo).port;
  const nothing = (text: string) => expect.fail(`it said: ${text}`);

  it("are good when nobody has them", async () => {
    await checkPorts(await freePorts(), nothing);
  });

  it("are refused, all in one message, when a program listens on one or two are the same", async () => {
    const ports = await freePorts();
    const wrong = { ...ports, bff: served(), userHttp: ports.userGrpc };
    const failure = await checkPorts(wrong, nothing).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(failure).to.be.instanceOf(OperatorError);
    expect(String(failure)).to.contain(`Port ${served()} is taken by another program.`);
    expect(String(failure)).to.contain(`Port ${ports.userGrpc} is given to more than one`);
  });

  it("are refused with the next port that is free and no other part's", async () => {
    const inventoryGrpc = await freePort();
    const other = createServer().listen(inventoryGrpc);
    await once(other, "listening");
    const failure = await checkPorts(
      { ...(await freePorts()), inventoryGrpc, reservationGrpc: inventoryGrpc + 1 },
      () => undefined,
    ).catch((reason: unknown) => String(reason));
    other.close();
    const [, flag, env] =
      /--inventory-grpc-port (\d+)" or INVENTORY_GRPC_PORT=(\d+)\./.exec(String(failure)) ?? [];
    expect(flag).to.equal(env);
    expect(Number(flag)).to.be.greaterThan(inventoryGrpc + 1);
    expect(await portRefusal(Number(flag))).to.equal(undefined);
  });

  it("are waited for when a connection has one and nobody listens on it", async () => {
    // Not a port of our choice: those may be taken over while they are in use.
    const client = connect({ port: served(), host: "localhost" });
    const [[peer]] = await Promise.all([once(server, "connection"), once(client, "connect")]);
    client.on("error", () => undefined);
    const reservationGrpc = client.localPort ?? 0;
    const said: string[] = [];
    try {
      await checkPorts({ ...(await freePorts()), reservationGrpc }, (text) => {
        said.push(text);
        // Whoever resets a connection leaves the other end nothing to wait for.
        peer.resetAndDestroy();
      });
    } finally {
      client.destroy();
    }
    expect(said).to.have.length(1);
    expect(said[0]).to.match(new RegExp(`^Port ${reservationGrpc} is held by a connection`));
  });
});
