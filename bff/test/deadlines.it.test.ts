import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import type { Answered } from "./use-app.ts";
import { entriesOf, holdBack, useShop } from "./use-shop.ts";

describe("a wish that waited before it was sent", () => {
  const timeoutMs = 3_000;
  const { api, reserve, tokenOf } = useShop({ rpcTimeoutMs: timeoutMs, reserveMaxInFlight: 1 });
  const depth = async () => {
    const text = await api.registry.getSingleMetricAsString("tessera_combine_queue_depth");
    return Number(/operation="create"\} (\d+)/.exec(text)?.[1]);
  };
  const pass = (ms: number) => {
    const startTime = performance.now();
    return untilTrue(() => performance.now() - startTime >= ms);
  };
  const codeOf = ({ status, body }: Answered) => [status, body.code, body.retryable];

  it("has a call of what it has left, and is answered before those who came later", async () => {
    const first = holdBack(api);
    const answers = [reserve()];
    await untilTrue(() => first.arrived() === 1);
    answers.push(reserve());
    await untilTrue(async () => (await depth()) === 1);
    await pass(0.1 * timeoutMs);
    answers.push(reserve());
    await untilTrue(async () => (await depth()) === 2);
    await pass(0.05 * timeoutMs);
    first.release();
    const second = holdBack(api);
    expect((await answers[0])?.status).to.equal(201);
    await untilTrue(() => second.arrived() === 1);
    const call = api.services.callsOf("batchCreateReservations")[1];
    const leftMs = Number(call?.headers.get("connect-timeout-ms"));
    expect(leftMs).to.be.at.most(0.95 * timeoutMs);
    const early = await answers[1];
    second.release();
    // The call has as long as the later one.
    const late = await answers[2];
    expect(early && codeOf(early)).to.deep.equal([504, "DEADLINE_EXCEEDED", true]);
    expect(early?.body.detail).to.equal("no answer came in time");
    expect(late?.status).to.equal(201);
    expect(entriesOf(api).map(({ length }) => length)).to.deep.equal([1, 2]);
  });

  it("has what it has left of a read, too", async () => {
    // As many as are read at once, each in a call of its own.
    const gate = Promise.withResolvers<void>();
    api.services.before.set("batchListReservations", () => gate.promise);
    const token = tokenOf();
    const list = () => api.ask("GET", "/v1/reservations", { token });
    const arrived = () => api.services.callsOf("batchListReservations");
    const answers: Promise<Answered>[] = [];
    for (let count = 1; count <= 16; count += 1) {
      answers.push(list());
      await untilTrue(() => arrived().length === count);
    }
    const running = () => api.registry.getSingleMetricAsString("tessera_reads_in_flight");
    answers.push(list());
    await untilTrue(async () => (await running()).includes('kind="reservations"} 17'));
    await pass(0.2 * timeoutMs);
    gate.resolve();
    await Promise.all(answers);
    api.services.before.clear();
    expect(Number(arrived()[16]?.headers.get("connect-timeout-ms"))).to.be.at.most(0.8 * timeoutMs);
  });
});
