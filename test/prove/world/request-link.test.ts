import { once } from "node:events";
import { createServer, type Server as HttpServer, type ServerResponse } from "node:http";
import {
  Client,
  credentials,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
} from "@grpc/grpc-js";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { Random } from "../random.ts";
import { GrpcForwarder } from "./grpc-forwarder.ts";
import { HttpForwarder, TWICE } from "./http-forwarder.ts";
import { RequestLink } from "./request-link.ts";

const RANDOM = new Random(1);

/** What a call answers; it gets what was sent, and may wait. */
type Answer = (sent: string) => Promise<string> | string;

describe("RequestLink, to gRPC", () => {
  const echo: Answer = (sent) => sent;
  let targets: number[];
  let link: RequestLink;
  let client: Client;
  const servers: Server[] = [];
  beforeEach(async () => {
    targets = [];
    link = await RequestLink.open({ targets: () => targets, random: RANDOM }, GrpcForwarder.open);
    client = new Client(link.address, credentials.createInsecure(), {
      "grpc.initial_reconnect_backoff_ms": 50,
      "grpc.min_reconnect_backoff_ms": 50,
    });
  });
  afterEach(async () => {
    client.close();
    for (const server of servers.splice(0)) {
      server.forceShutdown();
    }
    await link.close();
  });

  /** A server in whose `heard` all is that it was asked. */
  async function serve(answer: Answer): Promise<{ heard: string[]; port: number; server: Server }> {
    const heard: string[] = [];
    const server = new Server();
    const asIs = (bytes: Buffer) => bytes;
    const method = {
      path: "/t.Parrot/Say",
      requestStream: false as const,
      responseStream: false as const,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    };
    const handle: handleUnaryCall<Buffer, Buffer> = async (call, callback) => {
      heard.push(String(call.request));
      try {
        const trailers = new Metadata();
        trailers.set("told", "in the end");
        callback(null, Buffer.from(await answer(String(call.request))), trailers);
      } catch (reason) {
        callback({ code: 9, details: String(reason) });
      }
    };
    server.addService({ say: method }, { say: handle });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (failure, bound) =>
        failure === null ? resolve(bound) : reject(failure),
      );
    });
    servers.push(server);
    targets.push(port);
    return { heard, port, server };
  }

  /** The answer with its trailer, or the failure's code. */
  function say(text: string, timeoutMs = 10_000): Promise<string | number> {
    return new Promise((resolve) => {
      let answer: Buffer | undefined;
      const asIs = (bytes: Buffer) => bytes;
      const call = client.makeUnaryRequest(
        "/t.Parrot/Say",
        asIs,
        asIs,
        Buffer.from(text),
        new Metadata(),
        { deadline: Date.now() + timeoutMs },
        (_failure, bytes) => {
          answer = bytes;
        },
      );
      // It comes last.
      call.on("status", ({ code, metadata }) =>
        resolve(code === 0 ? `${answer}, ${metadata.get("told")[0]}` : code),
      );
    });
  }

  it("carries calls, large ones as well, with their trailers and failures", async () => {
    await serve((sent) => (sent === "fail" ? Promise.reject(new Error("no")) : sent));
    expect(await say("hello")).to.equal("hello, in the end");
    const large = "0123456789".repeat(200_000);
    expect((await say(large)) === `${large}, in the end`).to.equal(true);
    expect(await say("fail")).to.equal(9);
  });

  it("delivers a call twice, and hands back the first answer", async () => {
    const slow = Promise.withResolvers<string>();
    let count = 0;
    const answer = () => {
      count += 1;
      return count === 1 ? slow.promise : "quick";
    };
    const [one, other] = [await serve(answer), await serve(answer)];
    link.impair({ kind: "duplicate", share: 1 });
    expect(await say("hello")).to.equal("quick, in the end");
    expect([...one.heard, ...other.heard]).to.deep.equal(["hello", "hello"]);
    slow.resolve("slow");
    link.heal();
    await say("again");
    expect(one.heard.length + other.heard.length).to.equal(3);
  });

  it("says UNAVAILABLE when nobody is there, and for calls of one that dies", async () => {
    expect(await say("hello")).to.equal(14);
    const never = Promise.withResolvers<string>();
    const { heard, server } = await serve(() => never.promise);
    const answer = say("hello");
    await until("it was heard", () => heard.length === 1);
    server.forceShutdown();
    expect(await answer).to.equal(14);
  });

  it("leaves one that dies, or that answers nobody, for another", async () => {
    const never = Promise.withResolvers<string>();
    const stuck = await serve(() => never.promise);
    const waiting = say("hello");
    await until("it was heard", () => stuck.heard.length === 1);
    const other = await serve(echo);
    for (let count = 0; count < 5; count += 1) {
      expect(await say("again")).to.equal("again, in the end");
    }
    expect(stuck.heard).to.deep.equal(["hello"]);
    stuck.server.forceShutdown();
    expect(await waiting).to.equal(14);
    expect(await say("again")).to.equal("again, in the end");
    expect(other.heard.length).to.equal(6);
  });

  it("lets go of those that drain: their calls end, and no more come", async () => {
    const slow = Promise.withResolvers<string>();
    const draining = await serve(() => slow.promise);
    const answer = say("hello");
    await until("it was heard", () => draining.heard.length === 1);
    await serve(echo);
    targets.shift();
    const drained = new Promise((resolve) => draining.server.tryShutdown(resolve));
    expect(await say("again")).to.equal("again, in the end");
    slow.resolve("well");
    expect(await answer).to.equal("well, in the end");
    await drained;
  });

  it("lets calls go that their caller gives up", async () => {
    const never = Promise.withResolvers<string>();
    const { heard } = await serve(() => never.promise);
    expect(await say("hello", 100)).to.equal(4);
    expect(heard).to.deep.equal(["hello"]);
  });

  it("loses answers, and resets connections when it is healed", async () => {
    const { heard } = await serve(echo);
    await say("hello");
    link.impair({ kind: "lose-replies" });
    const answer = say("lost");
    await until("it was heard", () => heard.includes("lost"));
    // All that is answered by now is lost on its way.
    await until("its answer is lost", async () => (await say("also", 50)) === 4);
    link.heal();
    expect(await answer).to.equal(14);
    expect(await say("hello")).to.equal("hello, in the end");
  });
});

describe("RequestLink, to HTTP", () => {
  let targets: number[];
  let link: RequestLink;
  const servers: HttpServer[] = [];
  beforeEach(async () => {
    targets = [];
    link = await RequestLink.open({ targets: () => targets, random: RANDOM }, HttpForwarder.open);
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
    await link.close();
  });

  async function serve(
    answer: (body: string, response: ServerResponse) => Promise<void> | void,
  ): Promise<{ heard: string[]; server: HttpServer }> {
    const heard: string[] = [];
    const server = createServer(async (request, response) => {
      const pieces = await request.toArray();
      const body = Buffer.concat(pieces).toString();
      heard.push(`${request.method} ${request.url} ${body}`);
      await answer(body, response);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    targets.push(typeof address === "object" ? (address?.port ?? 0) : 0);
    servers.push(server);
    return { heard, server };
  }

  const post = (body: string) => fetch(`http://${link.address}/a?b=c`, { method: "POST", body });

  it("carries requests, with status, headers and bodies", async () => {
    const { heard } = await serve((body, response) => {
      response.writeHead(201, { "x-more": ["1", "2"] }).end(body);
    });
    const large = "0123456789".repeat(200_000);
    const answer = await post(large);
    expect([answer.status, answer.headers.get("x-more")]).to.deep.equal([201, "1, 2"]);
    expect((await answer.text()) === large).to.equal(true);
    expect(heard[0]?.startsWith("POST /a?b=c 0123")).to.equal(true);
    const head = await fetch(`http://${link.address}/`, { method: "HEAD" });
    expect([head.status, await head.text()]).to.deep.equal([201, ""]);
  });

  it("delivers a request twice, and hands back the first answer", async () => {
    const slow = Promise.withResolvers<void>();
    const handled: string[] = [];
    const name = (own: string) => async (body: string, response: ServerResponse) => {
      if (body === "wait" && handled.length === 0) {
        handled.push(own);
        await slow.promise;
      }
      response.end(own);
    };
    const [one, other] = [await serve(name("1")), await serve(name("2"))];
    link.impair({ kind: "duplicate", share: 1 });
    const twice = await post("wait");
    expect(twice.headers.get(TWICE)).to.equal("true");
    const quick = await twice.text();
    expect(quick).to.not.equal(handled[0]);
    expect([...one.heard, ...other.heard].length).to.equal(2);
    slow.resolve();
    link.heal();
    const single = await post("once");
    await single.text();
    expect(single.headers.get(TWICE)).to.equal(null);
    expect([...one.heard, ...other.heard].length).to.equal(3);
  });

  it("streams what is answered bit by bit, until its reader goes away", async () => {
    const gone = Promise.withResolvers<void>();
    await serve((_body, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      response.write("data: 1\n\n");
      response.on("close", () => gone.resolve());
    });
    const abort = new AbortController();
    const answer = await fetch(`http://${link.address}/`, { signal: abort.signal });
    const piece = await answer.body?.getReader().read();
    expect(new TextDecoder().decode(piece?.value)).to.equal("data: 1\n\n");
    abort.abort();
    await gone.promise;
  });

  it("leaves one that dies for another, and resets when nobody is there", async () => {
    const never = Promise.withResolvers<void>();
    const stuck = await serve(() => never.promise);
    const answer = post("hello").catch((reason) => reason.cause.code);
    await until("it was heard", () => stuck.heard.length === 1);
    await serve((_body, response) => void response.end("well"));
    expect(await (await post("again")).text()).to.equal("well");
    stuck.server.closeAllConnections();
    stuck.server.close();
    expect(await answer).to.be.oneOf(["ECONNRESET", "UND_ERR_SOCKET"]);
    expect(await (await post("again")).text()).to.equal("well");
    targets.length = 0;
    const reason = await post("again").catch((failure) => failure.cause.code);
    expect(reason).to.be.oneOf(["ECONNRESET", "UND_ERR_SOCKET"]);
  });
});
