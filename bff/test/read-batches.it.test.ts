import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import { eventIdsOf, READS, unknownEvent, useReads } from "./use-reads.ts";

describe("no memory", () => {
  const { api, createEvent, get, callsOf, metric } = useReads({
    eventsMaxAgeMs: 0,
    availabilityMaxAgeMs: 0,
  });

  it("asks the service each time, for what is asked for at once in one call", async () => {
    const events = await Promise.all([createEvent(), createEvent(), createEvent()]);
    for (const { method, pathOf, kind } of READS) {
      const paths = events.flatMap((event) => [pathOf(event), pathOf(event)]);
      const answers = await Promise.all(paths.map((path) => get(path)));
      expect(answers.map(({ body }) => body.id ?? body.eventId)).to.deep.equal(
        events.flatMap(({ id }) => [id, id]),
      );
      const asked = api.services.callsOf(method).map(eventIdsOf);
      expect(asked.flat()).to.have.length(6);
      expect(await metric("tessera_read_batch_size_sum", kind)).to.be.at.least(6);
    }
    await Promise.all([get("/v1/events"), get("/v1/events")]);
    expect(callsOf("listEvents")).to.equal(2);
  });

  it("gives each what it asked for, whatever the others asked for", async () => {
    const event = await createEvent();
    for (const { method, pathOf } of READS) {
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      api.services.before.set(method, () => released);
      const busy = Array.from({ length: 4 }, () => get(pathOf(event)));
      await untilTrue(() => callsOf(method) > 0);
      const unknown = unknownEvent();
      const answers = [unknown, event, unknown].map((one) => get(pathOf(one)));
      release();
      await Promise.all(busy);
      expect((await Promise.all(answers)).map(({ status }) => status)).to.deep.equal([
        404, 200, 404,
      ]);
    }
  });
});
