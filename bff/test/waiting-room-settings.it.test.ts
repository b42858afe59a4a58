import { expect } from "chai";
import { useApp } from "./use-app.ts";

describe("an event's waiting room", () => {
  const api = useApp();
  const good = { admitPerMinute: 60, maxActive: 10, passSeconds: 60, onStoreLoss: "open" };
  const create = async (waitingRoom: unknown) =>
    await api.ask("POST", "/v1/events", {
      token: await api.token({ role: "organiser" }),
      body: {
        name: "A concert",
        venue: "A hall",
        startsAt: "2035-06-01T20:00:00Z",
        salesOpenAt: "2034-06-01T20:00:00Z",
        salesCloseAt: "2035-06-01T18:00:00Z",
        ticketTypes: [{ name: "A", price: { amount: 1, currency: "EUR" }, capacity: 1 }],
        waitingRoom,
      },
    });

  it("is what the organiser wanted", async () => {
    const { status, body } = await create(good);
    expect([status, body.waitingRoom]).to.deep.equal([201, good]);
    const { body: read } = await api.ask("GET", `/v1/events/${body.id}`);
    expect(read.waitingRoom).to.deep.equal(good);
  });

  for (const [field, wrong] of [
    ["admitPerMinute", { admitPerMinute: 0 }],
    ["admitPerMinute", { admitPerMinute: 1_000_001 }],
    ["maxActive", { maxActive: 1.5 }],
    ["maxActive", { maxActive: null }],
    ["passSeconds", { passSeconds: 9 }],
    ["passSeconds", { passSeconds: 3_601 }],
    ["onStoreLoss", { onStoreLoss: "ajar" }],
    ["maxWaiting", { maxWaiting: 1 }],
  ] as const) {
    it(`names ${field} when it is wrong: ${JSON.stringify(wrong)}`, async () => {
      const { status, body } = await create({ ...good, ...wrong });
      expect([status, body.errors[0].field]).to.deep.equal([400, `waitingRoom.${field}`]);
    });
  }
});
