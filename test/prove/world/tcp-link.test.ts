import { once } from "node:events";
import {
  type AddressInfo,
  createServer,
  connect as dial,
  type Server,
  type Socket,
} from "node:net";
import { text } from "node:stream/consumers";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { Random } from "../random.ts";
import { TcpLink } from "./tcp-link.ts";

/** Says back whatever it hears, after its own name. */
class Parrot {
  heard = "";
  readonly #server: Server;

  private constructor(name: string) {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.write(name);
      socket.on("data", (bytes) => {
        this.heard += bytes;
        socket.write(bytes);
      });
      socket.on("end", () => socket.end());
      socket.on("error", () => undefined);
    });
  }

  static async begin(name = ""): Promise<Parrot> {
    const parrot = new Parrot(name);
    parrot.#server.listen(0, "127.0.0.1");
    await once(parrot.#server, "listening");
    return parrot;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async end(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) {
    await new Promise((resolve) => socket.once("close", resolve));
  }
}

describe("TcpLink", () => {
  let parrot: Parrot;
  let targets: number[];
  let link: TcpLink;
  beforeEach(async () => {
    parrot = await Parrot.begin();
    targets = [parrot.port];
    link = await TcpLink.open({ targets: () => targets, random: new Random(1) });
  });
  afterEach(async () => {
    await link.close();
    await parrot.end();
  });

  function call(port = Number(link.address.split(":")[1])): Socket {
    const caller = dial(port, "127.0.0.1");
    caller.on("error", () => undefined);
    return caller;
  }

  /** Made, and known to be carried both ways. */
  async function callHeard(port?: number): Promise<Socket> {
    const caller = call(port);
    caller.write("first");
    expect(String((await once(caller, "data"))[0])).to.equal("first");
    return caller;
  }

  /** What was sent before a whole conversation on another way has come to the link meanwhile. */
  async function aMoment(): Promise<void> {
    (await callHeard(parrot.port)).destroy();
  }

  it("carries much, both ways, to its end", async () => {
    const much = "0123456789".repeat(500_000);
    const caller = call();
    caller.end(much);
    expect((await text(caller)) === much).to.equal(true);
    await until("nothing is open", async () => link.connections === 0);
  });

  it("goes to each target in turn, past those that refuse, and resets when all do", async () => {
    const [one, other, gone] = [await Parrot.begin("1"), await Parrot.begin("2"), parrot.port];
    targets = [one.port, gone, other.port];
    await parrot.end();
    const nameOf = async () => {
      const caller = call();
      caller.end();
      return await text(caller);
    };
    const names = [await nameOf(), await nameOf(), await nameOf()];
    expect(new Set(names)).to.deep.equal(new Set(["1", "2"]));
    await Promise.all([one.end(), other.end()]);
    expect(await nameOf().catch((reason) => reason.code)).to.equal("ECONNRESET");
    parrot = await Parrot.begin();
  });

  it("delivers later, in order", async () => {
    const caller = await callHeard();
    link.impair({ kind: "delay", ms: 20, jitterMs: 10 });
    for (let number = 0; number < 50; number += 1) {
      caller.write(`${number},`);
    }
    caller.end("end");
    const answer = await text(caller);
    expect(answer).to.equal(`${Array.from({ length: 50 }, (_none, n) => `${n},`).join("")}end`);
  });

  it("delivers nothing before its time", async () => {
    const caller = await callHeard();
    link.impair({ kind: "delay", ms: 3_600_000, jitterMs: 0 });
    caller.write("late");
    await aMoment();
    expect(link.connections).to.equal(1);
    expect(parrot.heard).to.not.contain("late");
  });

  it("loses everything, and cuts at its end those who lost something", async () => {
    const [talking, silent] = [await callHeard(), await callHeard()];
    link.impair({ kind: "drop" });
    const late = call();
    await once(late, "connect");
    for (const caller of [talking, late]) {
      caller.write("lost");
    }
    await aMoment();
    expect(link.connections).to.equal(3);
    link.heal();
    await Promise.all([closed(talking), closed(late)]);
    silent.write("second");
    expect(String((await once(silent, "data"))[0])).to.equal("second");
    expect(parrot.heard).to.not.contain("lost");
    silent.destroy();
  });

  it("strands who is connected, for good, and carries who comes later", async () => {
    const stranded = await callHeard();
    link.impair({ kind: "strand" });
    const later = await callHeard();
    stranded.write("lost");
    link.heal();
    stranded.write("lost");
    later.write("second");
    expect(String((await once(later, "data"))[0])).to.equal("second");
    expect(link.connections).to.equal(2);
    expect(parrot.heard).to.not.contain("lost");
    // Who gives up, in whatever way, ends it on both sides.
    stranded.resetAndDestroy();
    await until("one is open", async () => link.connections === 1);
    link.impair({ kind: "strand" });
    later.end();
    await until("nothing is open", async () => link.connections === 0);
  });

  it("cuts again and again", async () => {
    const caller = await callHeard();
    link.impair({ kind: "cut", everyMs: 5 });
    await closed(caller);
    await closed(call());
    link.heal();
    (await callHeard()).destroy();
  });

  it("delivers what is asked, and loses what is answered", async () => {
    const caller = await callHeard();
    const answers: string[] = [];
    caller.on("data", (bytes) => answers.push(String(bytes)));
    link.impair({ kind: "lose-replies" });
    caller.write("done");
    await until("it was heard", async () => parrot.heard.endsWith("done"));
    const another = call();
    another.write("too");
    await until("it was heard", async () => parrot.heard.endsWith("too"));
    await aMoment();
    link.heal();
    await Promise.all([closed(caller), closed(another)]);
    expect(answers).to.deep.equal([]);
    (await callHeard()).destroy();
  });

  it("tells the other side of a connection that dies", async () => {
    const caller = await callHeard();
    caller.resetAndDestroy();
    await until("nothing is open", async () => link.connections === 0);
  });

  it("cannot deliver bytes twice", () => {
    expect(() => link.impair({ kind: "duplicate", share: 1 })).to.throw(TypeError);
  });
});
